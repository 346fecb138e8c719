import type { Warning } from '../../ipu-config/base/warning.js';
import { InputError } from '../../ipu-config/base/errors.js';
import type { Schedule, ScheduleGenerator } from '../../pipeline/schedule/schedule.js';
import { printAction } from '../../pipeline/schedule/action-text.js';
import { OP_TABLE, type Op } from '../../pipeline/schedule/op-table.js';
import { fillDrain } from '../../pipeline/schedules/fill-drain.js';
import { simulate } from '../../pipeline/simulate/simulate.js';
import type { Span } from '../../pipeline/schedule/span.js';
import { streamed } from '../../pipeline/schedule/streamed.js';
import type { Percentiles } from '../benchmark/benchmark-report.js';
import { boundBy } from '../benchmark/bound-by.js';
import { SteadyWindow, type SteadyActivity } from '../benchmark/steady-window.js';
import type { ModelConfig, Slice } from '../models/model-config.js';
import type { MachineProfile } from './machine-profile.js';
import { Slowdown } from './slowdown.js';
import { modelOnMachine, stageWork, totalNs, type BatchShape } from './stage-work.js';
import { quantile } from './statistics.js';

/** A run of the runtime, as `bench` does it. */
export interface RuntimeRun extends BatchShape {
  readonly model: ModelConfig;
  /** In the order of the pipeline; stages of one `ipu` share its thread. */
  readonly stages: readonly { readonly ipu: number; readonly slice: Slice }[];
  /** Micro-batches that are counted, in steady state. */
  readonly microBatches: number;
  /** Before and after those; enough to fill the pipeline when absent. */
  readonly warmUp?: number;
  readonly coolDown?: number;
  /** Fill–drain when absent. */
  readonly schedule?: ScheduleGenerator;
  /** Micro-batches of one call; 1 when absent. */
  readonly deviceIterations?: number;
  readonly replicas?: number;
  readonly threadsPerStage?: number;
  /** 2 when absent, as in the runtime. */
  readonly slotsPerLink?: number;
  /** The profiled machine's when absent. */
  readonly cores?: number;
  readonly onSpan?: (span: Span) => void;
}

export interface RuntimePrediction {
  readonly sequencesPerSecond: number;
  readonly tokensPerSecond: number;
  readonly latencyMs: Percentiles;
  readonly bubbleShare: number;
  readonly activity: SteadyActivity;
  readonly boundBy: string;
  /** One action of each stage while nothing else runs. */
  readonly stageMs: readonly number[];
  readonly warnings: readonly Warning[];
}

const SLOTS_PER_LINK = 2;

/**
 * Predicts a run on the profiled machine: the schedule that the runtime would run, simulated with the measured times
 * on cores that the stages share, and counted in steady state as `bench` counts.
 * @throws InputError when the run has no stages or a size that is no whole number; ScheduleError
 */
export function predictRuntime(machine: MachineProfile, run: RuntimeRun): RuntimePrediction {
  checkRun(run);
  const { stages, replicas = 1, threadsPerStage = 1, microBatch, microBatches } = run;
  const depth = (stages.length - 1) * replicas;
  const { warmUp = depth + replicas, coolDown = depth } = run;
  const head = stages.at(-1)!.slice.head;
  const { profile, warnings } = modelOnMachine(machine, run.model, head);
  const work = stages.map(({ slice }) =>
    stageWork(profile, run.model, slice, { ...run, threads: threadsPerStage }),
  );
  const cores = run.cores ?? machine.machine.cores;
  const window = new SteadyWindow({ stages: stages.length, replicas, openAfter: warmUp, microBatches });
  const latencies = new Latencies(stages.length, replicas);
  const slowdown = new Slowdown(profile, work, { cores, threadsPerStage });
  simulate(streamOf(run, warmUp + microBatches + coolDown), {
    replicas,
    slotsPerLink: run.slotsPerLink ?? SLOTS_PER_LINK,
    costNs: (stage) => Math.round(totalNs(work[stage]!)),
    speed: (action, running) => slowdown.speed(action, running.length),
    dispatchNs: {
      atOnce: Math.round(profile.action.dispatchNs),
      afterWait: Math.round(profile.action.wakeNs),
    },
    onSpan: (span) => {
      window.add(span);
      latencies.add(span);
      run.onSpan?.(span);
    },
  });
  const activity = window.activity()!;
  const sequencesPerSecond = (activity.microBatches * microBatch) / activity.seconds;
  const busy = activity.ranks.reduce((sum, { busyShare }) => sum + busyShare, 0) / activity.ranks.length;
  const threads = new Set(stages.map(({ ipu }) => ipu)).size * threadsPerStage * replicas;
  return {
    sequencesPerSecond,
    tokensPerSecond: sequencesPerSecond * run.sequenceLength,
    latencyMs: latencies.percentiles(warmUp, warmUp + microBatches),
    bubbleShare: Math.max(0, 1 - busy),
    activity,
    boundBy: boundBy(activity, { cores, threads }),
    stageMs: work.map((each) => totalNs(each) / 1e6),
    warnings,
  };
}

function checkRun({ stages, ...run }: RuntimeRun): void {
  if (stages.length === 0) throw new InputError('the run has no stages; give at least one');
  const names = [
    'sequenceLength',
    'microBatch',
    'microBatches',
    'replicas',
    'threadsPerStage',
    'cores',
  ] as const;
  for (const name of [...names, 'deviceIterations', 'slotsPerLink'] as const) {
    const value = run[name] ?? 1;
    if (Number.isSafeInteger(value) && value >= 1) continue;
    throw new InputError(`${name} is ${value}; give a whole number from 1.`);
  }
}

/** Ops whose time a profile knows. */
const MEASURED: Readonly<Record<Op, boolean>> = {
  ...{ F: true, B: false, I: false, W: false },
  ...{ SEND_F: false, RECV_F: false, SEND_B: false, RECV_B: false },
  ...{ UNSHARD: false, RESHARD: false, REDUCE_GRAD: false, UPDATE: false },
};

/** What the runtime streams to one replica. */
function streamOf(
  { stages, schedule = fillDrain, deviceIterations = 1, replicas = 1 }: RuntimeRun,
  total: number,
): Schedule {
  const stageToRank = stages.map(({ ipu }) => ipu);
  const call = schedule({ stages: stages.length, microBatches: deviceIterations, stageToRank });
  const unknown = call.ranks.flat(2).find(({ op }) => !MEASURED[op]);
  if (unknown) {
    const { op } = unknown;
    throw new InputError(
      `the schedule ${call.name} has ${printAction(unknown)} (${OP_TABLE[op].words}), whose time a profile does not ` +
        'know; give a schedule of inference.',
    );
  }
  return streamed(call, Math.ceil(total / replicas));
}

/** From the start of stage 0 to the end of the last stage, by the number of the micro-batch in the run. */
class Latencies {
  readonly #last: number;
  readonly #replicas: number;
  readonly #startNs = new Map<number, number>();
  readonly #latencyNs = new Map<number, number>();

  constructor(stages: number, replicas: number) {
    this.#last = stages - 1;
    this.#replicas = replicas;
  }

  add({ kind, stage, microBatch, replica, startNs, endNs }: Span): void {
    if (kind !== 'action') return;
    const index = microBatch! * this.#replicas + replica;
    if (stage === 0) this.#startNs.set(index, startNs);
    if (stage === this.#last) this.#latencyNs.set(index, endNs - this.#startNs.get(index)!);
  }

  percentiles(from: number, until: number): Percentiles {
    const ms = [...this.#latencyNs].flatMap(([index, ns]) =>
      index >= from && index < until ? [ns / 1e6] : [],
    );
    return { p50: quantile(ms, 0.5), p95: quantile(ms, 0.95), p99: quantile(ms, 0.99) };
  }
}
