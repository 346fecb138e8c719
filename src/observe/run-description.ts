import { isTraining } from '../../pipeline/schedule/op-table.js';
import type { Schedule } from '../../pipeline/schedule/schedule.js';

/** What spans belong to: one run of a pipeline, measured or simulated. */
export interface RunDescription {
  readonly name: string;
  readonly kind: 'measured' | 'simulated';
  /** Names of stages 0 … n-1. */
  readonly stages: readonly string[];
  /** `stageToRank[j]` is the rank that owns stage j. */
  readonly stageToRank: readonly number[];
  /** There are backward passes: activations stay until theirs. */
  readonly training?: boolean;
  /** The run counts steps rather than time, and one step is so many nanoseconds of its spans. */
  readonly nsPerStep?: number;
  /** What one micro-batch leaves behind at a stage; one micro-batch when absent. */
  readonly stash?: { readonly size: number; readonly unit: 'bytes' | 'micro-batches' };
}

/** A run of a schedule. @param nsPerStep where costs are steps rather than time */
export function runOfSchedule(
  schedule: Schedule,
  options: { readonly name?: string; readonly stages?: readonly string[]; readonly nsPerStep?: number } = {},
): RunDescription {
  return {
    name: options.name ?? schedule.name,
    kind: 'simulated',
    stages: options.stages ?? schedule.stageToRank.map((_, stage) => `stage ${stage}`),
    stageToRank: schedule.stageToRank,
    training: isTraining(schedule.ranks.flat(2).map(({ op }) => op)),
    ...(options.nsPerStep === undefined ? {} : { nsPerStep: options.nsPerStep }),
  };
}

/** `IPU 0: embedding, layer 0 + layer 1`. */
export function rankName({ stages, stageToRank }: RunDescription, rank: number): string {
  const own = stages.filter((_, stage) => stageToRank[stage] === rank);
  return own.length === 0 ? `IPU ${rank}` : `IPU ${rank}: ${own.join(' + ')}`;
}
