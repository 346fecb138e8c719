import type { Mode } from './attributes.js';
import { ConfigError } from './base/errors.js';

/** PopTorch's names of output modes; the file's words are these in lower case, without EveryN. */
export const POPTORCH_OUTPUT_MODES = ['Final', 'EveryN', 'All', 'Sum', 'Default'] as const;
export type PoptorchOutputMode = (typeof POPTORCH_OUTPUT_MODES)[number];

/** What PopTorch's `Default` means. */
export function defaultOutputMode(mode: Mode): 'All' | 'Final' {
  return mode === 'inference' ? 'All' : 'Final';
}

export interface OutputCall {
  readonly outputMode: PoptorchOutputMode;
  /** Of EveryN. */
  readonly n?: number | null;
  readonly mode?: Mode;
  readonly replication: number;
  readonly deviceIterations: number;
  readonly gradientAccumulation: number;
}

/**
 * Micro-batches whose results one call gives back: all, every nth of each replica (n−1, 2n−1, …), or one per
 * replica (the last, or the sum).
 * Source: poptorch c2a8b17, python/options.py and python/enums.py.
 * @throws ConfigError when EveryN has no n
 */
export function resultBatches(call: OutputCall): number {
  const perReplica = call.deviceIterations * call.gradientAccumulation;
  const mode = call.outputMode === 'Default' ? defaultOutputMode(call.mode ?? 'training') : call.outputMode;
  switch (mode) {
    case 'All':
      return call.replication * perReplica;
    case 'Final':
    case 'Sum':
      return call.replication;
    case 'EveryN': {
      const n = call.n ?? 0;
      if (Number.isInteger(n) && n >= 1) return call.replication * Math.floor(perReplica / n);
      throw new ConfigError('ValueError', `Output mode EveryN needs a whole number n >= 1, not ${n}.`);
    }
  }
}
