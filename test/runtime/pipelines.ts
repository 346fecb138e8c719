import { readdirSync } from 'node:fs';
import { StageFailedError, type Tensor } from 'ipu-pipeline';
import type { Span } from 'ipu-pipeline/schedules';
import type { PipelineOptions, RunResult, StageSpec } from 'ipu-pipeline/runtime';
import { expect } from 'vitest';

const fixture = (name: string): string => new URL(`../fixtures/${name}.mjs`, import.meta.url).href;

/** A stage of a fixture module; stage j sits on IPU j unless told. */
export function stage(module: string, init: unknown = {}, more: Partial<StageSpec> = {}): StageSpec {
  return { name: module, ipu: 0, module: fixture(module), init, outputBytes: 4096, ...more };
}

export function stagesOnIpus(ipus: readonly number[], make: (j: number) => StageSpec): StageSpec[] {
  return ipus.map((ipu, j) => ({ ...make(j), ipu, layers: [j, j + 1] as const }));
}

export const addOnes = (n: number): StageSpec[] => stagesOnIpus([...Array(n).keys()], () => stage('add-one'));

export function floats(...values: number[]): readonly Tensor[] {
  return [{ name: 'x', dtype: 'float32', shape: [1, values.length], data: Float32Array.from(values) }];
}

export function trace(i: number): readonly Tensor[] {
  return [{ name: 'trace', dtype: 'int32', shape: [1], data: Int32Array.of(i) }];
}

export function* numbers(m: number): Generator<readonly Tensor[]> {
  for (let i = 0; i < m; i++) yield floats(i);
}

export function values(result: RunResult | undefined): number[] {
  return [...(result?.tensors[0]?.data ?? [])];
}

export async function collect<T>(results: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const result of results) all.push(result);
  return all;
}

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** What rejects, or a failure of the test. */
export async function thrownBy(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (thrown) {
    return thrown;
  }
  throw new Error('nothing was thrown');
}

/** Bounds that a test need not wait long for. */
export const SHORT = { startTimeoutMs: 4000, actionTimeoutMs: 800, closeTimeoutMs: 800 } as const;

export const options = (
  stages: readonly StageSpec[],
  more: Partial<PipelineOptions> = {},
): PipelineOptions => ({
  stages,
  inputBytes: 4096,
  deviceIterations: stages.length,
  startTimeoutMs: 30_000,
  // What hangs is waited for this long when a pipeline ends.
  closeTimeoutMs: 1500,
  ...more,
});

export function actionsOf(spans: readonly Span[], rank: number, replica = 0): string[] {
  return spans
    .filter((span) => span.kind === 'action' && span.rank === rank && span.replica === replica)
    .sort((a, b) => a.startNs - b.startNs)
    .map(({ stage: j, op, microBatch }) => `${j}${op}${microBatch}`);
}

/** Threads of this process, as the kernel counts them. */
export function threadCount(): number {
  return readdirSync('/proc/self/task').length;
}

/** Stage 1 of 3 misbehaves. */
export const misbehaving = (init: object, ipus = [0, 1, 2]) =>
  stagesOnIpus(ipus, (j) => (j === 1 ? stage('failing', init, { name: 'middle' }) : stage('add-one')));

export const asFailure = (thrown: unknown): StageFailedError => {
  expect(thrown).toBeInstanceOf(StageFailedError);
  return thrown as StageFailedError;
};
