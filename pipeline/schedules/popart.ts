import { ConfigError } from '../../ipu-config/base/errors.js';
import type { Action } from '../schedule/action.js';
import type { Schedule } from '../schedule/schedule.js';
import { lockstep } from './lockstep.js';

/** First and last cycle, both included; null when the phase is empty. */
export type CycleRange = readonly [number, number] | null;

export interface PopartPhases {
  /** Stages as PopART counts them: in training the last forward stage and its backward are one. */
  readonly stages: number;
  readonly fill: CycleRange;
  readonly main: CycleRange;
  readonly flush: CycleRange;
  readonly totalCycles: number;
  /** Share of (IPU, cycle) cells that work, when every cycle costs the same. */
  readonly utilisation: number;
}

export interface PopartSize {
  readonly forwardStages: number;
  /** Micro-batches of one fill and flush: gradient accumulation in training, device iterations in inference. */
  readonly depth: number;
  readonly training: boolean;
}

/**
 * PopART's fill, main and flush cycles.
 * Source: popart d2f20d7, willow/src/transforms/pipeline.cpp, PipelineInfo.
 * @throws ConfigError when there are too few micro-batches to fill the pipeline
 */
export function popartPhases({ forwardStages, depth, training }: PopartSize): PopartPhases {
  const stages = training ? 2 * forwardStages - 1 : forwardStages;
  const ramp = stages - 1;
  const mainCycles = depth - ramp;
  if (mainCycles < 1) {
    throw new ConfigError(
      'internal_error',
      `Pipeline mainCycles should not be less than 1. Current value is ${mainCycles}.`,
    );
  }
  return {
    stages,
    fill: ramp === 0 ? null : [0, ramp - 1],
    main: [ramp, depth - 1],
    flush: ramp === 0 ? null : [depth, depth + ramp - 1],
    totalCycles: depth + ramp,
    utilisation: pipelineUtilisation(stages, depth).utilisation,
  };
}

export interface Utilisation {
  readonly cycles: number;
  readonly utilisation: number;
  readonly bubble: number;
}

/** Cycles of a lockstep pipeline, and the share of them that a stage works. */
export function pipelineUtilisation(stages: number, depth: number): Utilisation {
  const cycles = depth + stages - 1;
  return { cycles, utilisation: depth / cycles, bubble: (stages - 1) / cycles };
}

/**
 * PopART's schedule. In training rank k runs forward stage k and, in the same cycle, the backward of an older
 * micro-batch; the last rank runs forward and backward of one micro-batch together.
 *
 *     S = 2, depth 3   cycle   0      1        2          3       4
 *                     rank 0  0F0    0F1    0F2 0B0      0B1     0B2
 *                     rank 1   ·   1F0 1B0  1F1 1B1   1F2 1B2     ·
 *
 * @throws ConfigError when there are too few micro-batches to fill the pipeline
 */
export function popartSchedule(size: PopartSize): Schedule {
  const { forwardStages, depth, training } = size;
  const { stages } = popartPhases(size);
  const last = forwardStages - 1;
  const stageToRank = Array.from({ length: stages }, (_, p) => (p <= last ? p : 2 * last - p));
  const cycles = lockstep('popart', { stages, microBatches: depth, stageToRank });
  const backward = ({ stage, microBatch }: Action): Action => ({
    stage: stageToRank[stage] ?? stage,
    op: 'B',
    microBatch,
  });
  const expand = (action: Action): readonly Action[] => {
    if (!training || action.stage < last) return [action];
    return action.stage === last ? [action, backward(action)] : [backward(action)];
  };
  return {
    name: training ? 'popart-training' : 'popart-inference',
    stages: forwardStages,
    microBatches: depth,
    stageToRank: stageToRank.slice(0, forwardStages),
    ranks: cycles.ranks.map((cells) => cells.map((cell) => cell.flatMap(expand))),
  };
}

export interface MergedStages {
  /** Stage → the stage before it that runs in the same cycles. */
  readonly withStage: ReadonlyMap<number, number>;
  readonly independentStages: number;
  readonly fillFlushCycles: number;
  readonly totalCycles: number;
}

/**
 * Neighbouring stages on one IPU run in the same cycle, one after the other, and do not lengthen the ramp.
 * @param ipus the IPU of each stage
 */
export function mergeStages(ipus: readonly number[], depth: number): MergedStages {
  const withStage = new Map(
    ipus.flatMap((ipu, stage) => (stage > 0 && ipus[stage - 1] === ipu ? [[stage, stage - 1] as const] : [])),
  );
  const independentStages = ipus.length - withStage.size;
  const fillFlushCycles = independentStages - 1;
  return { withStage, independentStages, fillFlushCycles, totalCycles: depth + fillFlushCycles };
}
