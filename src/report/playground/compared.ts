import { ATTRIBUTE_NAMES } from '../../../ipu-config/attributes.js';
import { signedPercent } from '../../../ipu-config/base/format.js';
import type { IpuSimulation } from '../../hardware/simulation.js';
import { givenAttributes } from '../../planning/plan-config.js';
import { fullestShare } from '../data/words.js';
import type { Outcome } from './outcome.js';
import type { Setup } from './setup.js';

/** Something that is not the same in two setups. */
export interface Difference {
  readonly label: string;
  readonly kept: string;
  readonly now: string;
}

/** What the controls and the configuration say otherwise. */
export function settingDifferences(kept: Setup, now: Setup): readonly Difference[] {
  const [was, is] = [controls(kept), controls(now)];
  const [wasGiven, isGiven] = [givenAttributes(kept.config), givenAttributes(now.config)];
  // What neither file says follows from what they say.
  const given = ATTRIBUTE_NAMES.filter((name) => name in wasGiven || name in isGiven);
  return [
    ...Object.keys({ ...is, ...was }).map((label) => {
      return { label, kept: was[label] ?? '–', now: is[label] ?? '–' };
    }),
    ...given.map((name) => ({
      ...{ label: name, kept: written(kept.config.get(name)), now: written(now.config.get(name)) },
    })),
  ].filter((one) => one.kept !== one.now);
}

function controls({ model, ...setup }: Setup): Record<string, string> {
  const { head, name, ...sizes } = model;
  return {
    ...{ model: name, head },
    ...Object.fromEntries(Object.entries(sizes).map(([key, value]) => [inWords(key), `${value}`])),
    ...{ system: setup.system, mode: setup.mode, schedule: setup.schedule, chunks: `${setup.chunks}` },
    ...{ 'sequence length': `${setup.sequenceLength}`, 'micro-batch': `${setup.microBatch}` },
  };
}

/** `hiddenSize` as `hidden size`. */
function inWords(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

function written(value: unknown): string {
  return JSON.stringify(value).replaceAll(',', ', ');
}

/** `+3.2 %` of a figure of the page, by its label; undefined where it is the same, or cannot be compared. */
export function changeOf(label: string, kept: IpuSimulation, now: IpuSimulation): string | undefined {
  const of = FIGURES[label];
  if (!of || kept.run.mode !== now.run.mode || of(kept) === 0) return undefined;
  const share = of(now) / of(kept) - 1;
  return Math.abs(share) < 5e-4 ? undefined : signedPercent(share);
}

const FIGURES: Readonly<Record<string, (of: IpuSimulation) => number>> = {
  throughput: ({ rates }) => rates.sequencesPerSecond,
  'weight update': ({ rates }) => rates.stepSeconds,
  latency: ({ latencyMs }) => latencyMs,
  bubble: ({ bubbleShare }) => bubbleShare,
  utilisation: ({ utilisation }) => utilisation,
  memory: ({ memory }) => fullestShare(memory),
};

/** A part of the time of all IPUs. */
export interface TimeShare {
  readonly name: string;
  /** An activity that has its colour. */
  readonly activity: string;
  readonly share: number;
  /** Whole percent; those of all parts add up to 100. */
  readonly percent: number;
}

const PARTS: readonly (readonly [name: string, activity: string, of: RegExp])[] = [
  ['computes', 'compute', /^(compute|recompute)$/],
  ['waits and moves data', 'waits: upstream', /^(waits: .*|stream-in|stream-out|copy)$/],
  ['updates weights', 'optimizer-state', /^(all-reduce|optimizer-state|weight-update)$/],
  ['host, between calls', 'host-call', /^host-call$/],
];

/** What the IPUs do in a call, all of them together; one that holds nothing waits. */
export function timeShares({ simulation, run }: Outcome): readonly TimeShare[] {
  const spent = simulation.ipus.map(({ seconds }) => Object.entries(seconds));
  const whole = Math.max(...spent.map((of) => sum(of.map(([, seconds]) => seconds)))) * run.ipusPerReplica;
  const parts = PARTS.map(([, , of]) =>
    sum(spent.flat().map(([name, seconds]) => (of.test(name) ? seconds : 0))),
  );
  parts[1]! += Math.max(0, whole - sum(parts));
  const percents = wholePercents(parts);
  return PARTS.map(([name, activity], at) => {
    return { name, activity, share: parts[at]! / whole, percent: percents[at]! };
  }).filter(({ share }) => share > 1e-9);
}

/** Whole percents of a sum that add up to 100: those that were cut most get what is left. */
function wholePercents(parts: readonly number[]): number[] {
  const exact = parts.map((part) => (part / sum(parts)) * 100);
  const percents = exact.map(Math.floor);
  const byRest = [...exact.keys()].sort((a, b) => exact[b]! - percents[b]! - (exact[a]! - percents[a]!));
  for (const at of byRest.slice(0, 100 - sum(percents))) percents[at]! += 1;
  return percents;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
