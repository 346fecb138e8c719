import type { RankTotals } from '../../pipeline/schedule/rank-tiler.js';
import type { Schedule } from '../../pipeline/schedule/schedule.js';
import { simulateLockstep, type CommonPhase } from '../../pipeline/simulate/simulate-lockstep.js';
import type { Span } from '../../pipeline/schedule/span.js';
import { checkRanges } from './ranges.js';
import { scheduleOf } from './run-schedule.js';
import { bytesOf, type IpuRun } from './run-spec.js';
import { simulateFreely, type Transfer } from './simulate-freely.js';
import { opNs, recomputeNs, stageCosts, type StageCost } from './stage-cost.js';
import { stashDepths } from './stash-depths.js';
import { updatePhases } from './update-cost.js';

/** One weight update, or in inference one call without what the host does. */
export interface SimulatedUpdate {
  readonly makespanNs: number;
  /** Without what follows the last micro-batch: all-reduce, optimizer, weights. */
  readonly pipelineNs: number;
  readonly ranks: readonly RankTotals[];
  /** Inference: one micro-batch from its first stage to its last, in the steady state. */
  readonly latencyNs: number;
  /** Of each cycle in lockstep; absent in a free run. */
  readonly cycleNs?: readonly number[];
}

/** One call of one replica in time; all replicas do the same at the same time. */
export interface SimulatedCall {
  readonly run: IpuRun;
  readonly schedule: Schedule;
  /** Micro-batches that each stage keeps at once. */
  readonly depths: readonly number[];
  readonly stages: readonly StageCost[];
  readonly update: SimulatedUpdate;
  readonly hostCallNs: number;
  readonly callNs: number;
}

/**
 * Simulates one call: in lockstep cycles, or freely where the run has a schedule of its own.
 * @throws ConfigError when too few micro-batches fill the pipeline; InputError for what is out of range;
 *   InputError, ScheduleError for another schedule
 */
export function simulateCall(run: IpuRun, onSpan?: (span: Span) => void): SimulatedCall {
  checkRanges(run);
  const schedule = scheduleOf(run);
  const depths = stashDepths(run, schedule);
  const stages = stageCosts(run, depths);
  const update = run.schedule
    ? simulateFreely(run, { schedule, stages, transfer: transferOf(run), onSpan })
    : inLockstep(run, schedule, stages, onSpan);
  const hostNs = hostCallNs(run);
  if (onSpan) showHostCall(run, update, hostNs, onSpan);
  return {
    run,
    schedule,
    depths,
    stages,
    update,
    hostCallNs: hostNs,
    callNs: callNs(run, update.makespanNs),
  };
}

/** Spans are those of one weight update, so it has its share of what the host does once a call. */
function showHostCall(
  run: IpuRun,
  { makespanNs, ranks }: SimulatedUpdate,
  hostNs: number,
  onSpan: (span: Span) => void,
): void {
  const endNs = makespanNs + Math.round(hostNs / (run.mode === 'training' ? run.deviceIterations : 1));
  if (endNs === makespanNs) return;
  for (const rank of ranks.keys()) {
    onSpan({ kind: 'phase', phase: 'host-call', replica: 0, rank, startNs: makespanNs, endNs });
  }
}

function hostCallNs({ mode, hardware: { chip } }: IpuRun): number {
  const turnaround = mode === 'training' ? chip.trainingCallSeconds : 0;
  return Math.round((chip.hostCallSeconds + turnaround) * 1e9);
}

/** @param updateNs of one weight update, or of all micro-batches of an inference call */
export function callNs(run: IpuRun, updateNs: number): number {
  return (run.mode === 'training' ? run.deviceIterations : 1) * updateNs + hostCallNs(run);
}

function inLockstep(
  run: IpuRun,
  schedule: Schedule,
  stages: readonly StageCost[],
  onSpan?: (span: Span) => void,
): SimulatedUpdate {
  const lockstep = simulateLockstep(schedule, {
    costNs: ({ stage, op }) => opNs(stages[stage]!, op),
    prelude: ({ stage, op }) => ({ phase: 'recompute', ns: recomputeNs(stages[stage]!, op) }),
    beforeCycle: [streamIn(run)],
    afterCycle: [streamOut(run), copies(run)],
    afterAll: updatePhases(run),
    ...(onSpan ? { onSpan } : {}),
  });
  const { cycleNs, ranks, makespanNs } = lockstep;
  const latencyNs = cycleLatencyNs(run, cycleNs);
  return { makespanNs, pipelineNs: sum(cycleNs), ranks, latencyNs, cycleNs };
}

/** From the micro-batch's first cycle to its last, in the steady state. */
function cycleLatencyNs(run: IpuRun, cycleNs: readonly number[]): number {
  const depth = run.stages.length;
  const first = run.execution === 'sharded' ? 0 : Math.max(0, Math.min(depth - 1, cycleNs.length - depth));
  return sum(cycleNs.slice(first, first + depth));
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
  const { bytes, bytesPerSecond } = boundary(run);
  return { phase: 'copy', ns: Math.round((sync + (crosses ? sync + bytes / bytesPerSecond : 0)) * 1e9) };
}

/** What a free run has of the host and the links: no cycle waits for them all. */
function transferOf(run: IpuRun): Transfer {
  const { chip } = run.hardware;
  const { bytes, bytesPerSecond } = boundary(run);
  const sync = Math.round((chip.externalSyncCycles / chip.clockHz) * 1e9);
  return {
    exchange: { activationBytes: bytes, bytesPerNs: bytesPerSecond / 1e9, latencyNs: sync },
    streamInNs: streamIn(run).ns,
    streamOutNs: streamOut(run).ns,
  };
}

/** One micro-batch of activations between two neighbours. */
function boundary(run: IpuRun): { readonly bytes: number; readonly bytesPerSecond: number } {
  const { chip } = run.hardware;
  const bytes = run.microBatch * run.sequenceLength * run.model.hiddenSize * bytesOf(run.precision);
  return { bytes, bytesPerSecond: chip.linkBytesPerSecond * chip.linkEfficiency * chip.linksToNeighbour };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
