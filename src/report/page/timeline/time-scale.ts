import { ticks } from 'd3-array';
import type { Viewport } from './viewport.js';

export interface Tick {
  readonly atNs: number;
  readonly label: string;
}

const UNITS = [
  { name: 's', ns: 1e9 },
  { name: 'ms', ns: 1e6 },
  { name: 'µs', ns: 1e3 },
  { name: 'ns', ns: 1 },
] as const;

/** Round moments of a viewport. @param nsPerStep where the axis counts steps */
export function timeTicks({ fromNs, toNs }: Viewport, count: number, nsPerStep?: number): Tick[] {
  const unit = nsPerStep === undefined ? unitFor(toNs - fromNs) : { name: '', ns: nsPerStep };
  const values = ticks(fromNs / unit.ns, toNs / unit.ns, count);
  const step = (values[1] ?? 0) - (values[0] ?? 0);
  const decimals = Math.max(0, Math.min(6, Math.ceil(-Math.log10(step || 1) - 1e-9)));
  return values.map((value) => ({
    atNs: value * unit.ns,
    label: `${value.toFixed(decimals)}${unit.name === '' ? '' : ` ${unit.name}`}`,
  }));
}

/** A duration with four figures. */
export function duration(ns: number, nsPerStep?: number): string {
  if (nsPerStep !== undefined) {
    const steps = ns / nsPerStep;
    return `${Number(steps.toPrecision(4))} step${steps === 1 ? '' : 's'}`;
  }
  const unit = UNITS.find((candidate) => ns >= candidate.ns) ?? UNITS[3];
  return `${Number((ns / unit.ns).toPrecision(4))} ${unit.name}`;
}

function unitFor(lengthNs: number): (typeof UNITS)[number] {
  return UNITS.find(({ ns }) => lengthNs >= 2 * ns) ?? UNITS[3];
}
