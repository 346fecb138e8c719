import { peakActivations } from '../../pipeline/schedule/peak-activations.js';
import type { Schedule } from '../../pipeline/schedule/schedule.js';
import type { IpuRun } from './run-spec.js';
import { scheduleOf } from './run-schedule.js';

/**
 * Micro-batches whose stashed tensors each stage holds at once, the one that it works on among them.
 * @param schedule the run's, where the caller has it already
 */
export function stashDepths(run: IpuRun, schedule?: Schedule): readonly number[] {
  if (run.schedule && run.mode === 'training') {
    return peakActivations(schedule ?? scheduleOf(run)).perStage;
  }
  const { length } = run.stages;
  return run.stages.map((_, stage) => stashDepth(length, stage));
}

/**
 * The same of one stage in PopART's pipeline: 2 (S − 1 − j) + 1.
 * Source: popart d2f20d7, willow/src/transforms/pipeline.cpp, getStashSize.
 */
function stashDepth(forwardStages: number, stage: number): number {
  return 2 * (forwardStages - 1 - stage) + 1;
}
