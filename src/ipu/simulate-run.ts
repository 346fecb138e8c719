import { fillDrain } from '../../pipeline/schedules/fill-drain.js';
import { popartSchedule } from '../../pipeline/schedules/popart.js';
import { sequential } from '../../pipeline/schedules/sequential.js';
import type { Schedule } from '../../pipeline/schedule.js';
import { shareRanks } from '../../pipeline/share-ranks.js';
import { simulateLockstep, type CommonPhase, type LockstepRun } from '../../pipeline/simulate-lockstep.js';
import type { Span } from '../../pipeline/span.js';
import { bytesOf, type IpuRun } from './run-spec.js';
import { stageCosts, type StageCost } from './stage-cost.js';
import { updatePhases } from './update-cost.js';

/** One call of one replica in time; all replicas do the same at the same time. */
export interface SimulatedCall {
  readonly run: IpuRun;
  readonly schedule: Schedule;
  readonly stages: readonly StageCost[];
  /** One weight update, or in inference one call without what the host does. */
  readonly lockstep: LockstepRun;
  readonly hostCallNs: number;
  readonly callNs: number;
}

/** The order of one weight update's or one inference call's actions, by IPU. */
export function scheduleOf(run: IpuRun): Schedule {
  const forwardStages = run.stages.length;
  const owner = run.stages.map(({ ipu }) => ipu);
  const training = run.mode === 'training';
  if (run.execution === 'sharded' && !training) {
    return sequential({ stages: forwardStages, microBatches: run.deviceIterations, stageToRank: owner });
  }
  const schedule = training
    ? popartSchedule({ forwardStages, depth: run.gradientAccumulation, training })
    : fillDrain({ stages: forwardStages, microBatches: run.deviceIterations });
  return shareRanks(schedule, owner);
}

/** Simulates one call in lockstep cycles. @throws ConfigError when too few micro-batches fill the pipeline */
export function simulateCall(run: IpuRun, onSpan?: (span: Span) => void): SimulatedCall {
  const stages = stageCosts(run);
  const schedule = scheduleOf(run);
  const lockstep = simulateLockstep(schedule, {
    costNs: ({ stage, op }) => (op === 'F' ? stages[stage]!.forwardNs : stages[stage]!.backwardNs),
    prelude: ({ stage, op }) =>
      op === 'F' ? undefined : { phase: 'recompute', ns: stages[stage]!.recomputeNs },
    beforeCycle: [streamIn(run)],
    afterCycle: [streamOut(run), copies(run)],
    afterAll: updatePhases(run),
    ...(onSpan ? { onSpan } : {}),
  });
  const hostCallNs = Math.round(run.hardware.chip.hostCallSeconds * 1e9);
  const updates = run.mode === 'training' ? run.deviceIterations : 1;
  return { run, schedule, stages, lockstep, hostCallNs, callNs: updates * lockstep.makespanNs + hostCallNs };
}

/** What every cycle has beyond the slowest IPU's stages. */
export function commonCycleNs(run: IpuRun): number {
  return streamIn(run).ns + streamOut(run).ns + copies(run).ns;
}

/** Token ids, segments and the mask, as int32. */
function streamIn(run: IpuRun): CommonPhase {
  return hostPhase(run, 'stream-in', run.microBatch * run.sequenceLength * 3 * 4);
}

/** In training only the loss goes back. */
function streamOut(run: IpuRun): CommonPhase {
  const numbers = run.mode === 'training' ? 1 : run.sequenceLength * 2;
  return hostPhase(run, 'stream-out', run.microBatch * numbers * bytesOf(run.precision));
}

function hostPhase(run: IpuRun, phase: 'stream-in' | 'stream-out', bytes: number): CommonPhase {
  const { chip } = run.hardware;
  const seconds = chip.hostLatencySeconds + bytes / chip.hostBytesPerSecond;
  return { phase, ns: Math.round(seconds * 1e9) };
}

/** Activations, and in training gradients the other way at the same time; every cycle has this phase. */
function copies(run: IpuRun): CommonPhase {
  const { chip } = run.hardware;
  const sync = chip.externalSyncCycles / chip.clockHz;
  const crosses = run.stages.some(({ ipu }, j) => j > 0 && ipu !== run.stages[j - 1]!.ipu);
  const bytes = run.microBatch * run.sequenceLength * run.model.hiddenSize * bytesOf(run.precision);
  const link = chip.linkBytesPerSecond * chip.linkEfficiency * chip.linksToNeighbour;
  return { phase: 'copy', ns: Math.round((sync + (crosses ? sync + bytes / link : 0)) * 1e9) };
}
