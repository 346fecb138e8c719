import { managedLayers, ipusOf, type Setup } from './setup.js';
import type { Outcome } from './outcome.js';

/** More rows or blocks than these are no picture. */
const MOST_ROWS = 256;
const MOST_LAYERS = 1024;

/**
 * Layers on each IPU, as the setup has them now. Where it cannot run they are the file's own numbers.
 * @returns undefined where the file does not say them one by one, or more than can be drawn
 */
export function boardLayers(setup: Setup, outcome: Outcome | undefined): readonly number[] | undefined {
  if (outcome) return outcome.layers;
  const layers = managedLayers(setup);
  const isDrawn = layers.length === ipusOf(setup) && layers.length <= MOST_ROWS;
  const whole = layers.reduce((sum, count) => sum + count, 0);
  return isDrawn && layers.every((count) => count >= 0) && whole <= MOST_LAYERS ? layers : undefined;
}

/**
 * A layer goes to another IPU, and what lies between comes along: layers stay in order. To the IPU next door that moves
 * the border between the two.
 */
export function movedLayers(layers: readonly number[], layer: number, to: number): readonly number[] {
  const from = ipuOfLayer(layers, layer);
  if (from === to) return layers;
  const [first, end] = comesAlong(layers, layer, to);
  const starts = startsOf(layers);
  return layers.map((count, ipu) => {
    if (ipu === to) return count + (end - first);
    const [begin, stop] = [starts[ipu]!, starts[ipu]! + count];
    return count - Math.max(0, Math.min(stop, end) - Math.max(begin, first));
  });
}

/** The layers `[first, end)` that go where one goes. */
export function comesAlong(layers: readonly number[], layer: number, to: number): readonly [number, number] {
  const starts = startsOf(layers);
  if (to === ipuOfLayer(layers, layer)) return [layer, layer];
  return layer >= starts[to]! + layers[to]! ? [starts[to]! + layers[to]!, layer + 1] : [layer, starts[to]!];
}

/**
 * The layers that each IPU has, by their place in the model. Where a schedule has several stages on an IPU they do not
 * follow each other.
 */
export function placedLayers(layers: readonly number[], outcome: Outcome | undefined): readonly number[][] {
  const placed: number[][] = layers.map(() => []);
  const parts = outcome
    ? outcome.run.stages.map(({ ipu, attention }) => [ipu, attention] as const)
    : layers.map((count, ipu) => [ipu, count] as const);
  let next = 0;
  for (const [ipu, count] of parts) for (let at = 0; at < count; at++) placed[ipu]!.push(next++);
  return placed;
}

/** The first layer of each IPU. */
export function startsOf(layers: readonly number[]): readonly number[] {
  let next = 0;
  return layers.map((count) => (next += count) - count);
}

export function ipuOfLayer(layers: readonly number[], layer: number): number {
  const starts = startsOf(layers);
  return layers.findIndex((count, ipu) => layer >= starts[ipu]! && layer < starts[ipu]! + count);
}
