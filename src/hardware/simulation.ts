import type { Warning } from '../../ipu-config/base/warning.js';
import type { Span } from '../../pipeline/schedule/span.js';
import type { RunDescription } from '../observe/run-description.js';
import { calibrationOf, type Calibration } from './calibration.js';
import type { IpuMemory } from './memory.js';
import { memoryPerIpu } from './memory.js';
import { ratesOf, type PredictedRates } from './predict.js';
import type { IpuRun } from './run-spec.js';
import { simulateCall, type SimulatedCall } from './simulate-run.js';

/** Seconds of one IPU in one call, by what it does or waits for. */
export interface IpuTime {
  readonly ipu: number;
  /** What its stages hold: `embedding`, `3 layers`, `head`. */
  readonly stages: readonly string[];
  readonly seconds: Readonly<Record<string, number>>;
  /** Share of the call in which it computes, recomputation too. */
  readonly busyShare: number;
}

/** What a run would do on IPUs. */
export interface IpuSimulation {
  readonly format: 'ipu-pipeline-simulation';
  readonly version: 1;
  readonly run: IpuRun;
  readonly rates: PredictedRates;
  /** Inference: one micro-batch from stream-in to stream-out in the steady state. Training: one weight update. */
  readonly latencyMs: number;
  /** In lockstep. */
  readonly cycles?: number;
  /** One cycle in which every stage takes part. */
  readonly steadyCycleMs?: number;
  /** Share of IPU time, from the first micro-batch to the last, in which nothing is computed. */
  readonly bubbleShare: number;
  /** Multiplications and additions of the model, without recomputation, over the peak of the IPUs in that time. */
  readonly utilisation: number;
  readonly ipus: readonly IpuTime[];
  readonly memory: readonly IpuMemory[];
  readonly fits: boolean;
  readonly boundBy: string;
  /** How good predictions of such runs were. */
  readonly calibration: Calibration;
  readonly warnings: readonly Warning[];
}

export interface SimulationExtras {
  readonly warnings?: readonly Warning[];
  readonly onSpan?: (span: Span) => void;
}

/**
 * Simulates one call and works out what it means.
 * @throws ConfigError when too few micro-batches fill the pipeline
 */
export function simulateIpus(run: IpuRun, extras: SimulationExtras = {}): IpuSimulation {
  const call = simulateCall(run, extras.onSpan);
  const memory = memoryPerIpu(run, call.depths, call.stages);
  const { cycleNs, ranks } = call.update;
  const ipus = ranks.map((_, ipu) => ipuTime(call, ipu));
  const fits = memory.every((ipu) => ipu.fits);
  return {
    format: 'ipu-pipeline-simulation',
    version: 1,
    run,
    rates: ratesOf(call),
    latencyMs: latencyMs(call),
    ...(cycleNs ? { cycles: cycleNs.length, steadyCycleMs: Math.max(...cycleNs) / 1e6 } : {}),
    bubbleShare: bubbleShare(call),
    utilisation: utilisation(call),
    ipus,
    memory,
    fits,
    boundBy: boundBy(call, ipus),
    calibration: calibrationOf(run),
    warnings: extras.warnings ?? [],
  };
}

/** Weight updates of one call; what is simulated is one of them. */
function repeats({ run }: SimulatedCall): number {
  return run.mode === 'training' ? run.deviceIterations : 1;
}

function ipuTime(call: SimulatedCall, ipu: number): IpuTime {
  const rank = call.update.ranks[ipu]!;
  const seconds: Record<string, number> = {};
  const add = (name: string, ns: number): void => {
    seconds[name] = (seconds[name] ?? 0) + (ns * repeats(call)) / 1e9;
  };
  add('compute', rank.busyNs);
  for (const [phase, ns] of Object.entries(rank.phaseNs)) add(phase, ns);
  for (const [cause, ns] of Object.entries(rank.stallNs)) add(`waits: ${cause}`, ns);
  seconds['host-call'] = call.hostCallNs / 1e9;
  const computing = (rank.busyNs + (rank.phaseNs.recompute ?? 0)) * repeats(call);
  const stages = call.run.stages.filter((stage) => stage.ipu === ipu).map(stageLabel);
  return { ipu, stages, seconds, busyShare: computing / call.callNs };
}

/** `embedding, 3 layers`; halves are named where they differ. */
function stageLabel(stage: IpuRun['stages'][number]): string {
  const { attention, feedForward } = stage;
  const layers =
    attention === feedForward
      ? attention === 0
        ? []
        : [attention === 1 ? '1 layer' : `${attention} layers`]
      : [`${attention} attention + ${feedForward} feed-forward`];
  return (
    [...(stage.embedding ? ['embedding'] : []), ...layers, ...(stage.head ? ['head'] : [])].join(', ') ||
    'nothing'
  );
}

/** What the spans of a simulation belong to. All replicas do the same at the same time: spans are those of one. */
export function describeRun(run: IpuRun): RunDescription {
  return {
    name: `${run.model.name} on ${run.hardware.system.name}`,
    kind: 'simulated',
    stages: run.stages.map(stageLabel),
    stageToRank: run.stages.map(({ ipu }) => ipu),
    training: run.mode === 'training',
  };
}

function latencyMs({ run, update, callNs }: SimulatedCall): number {
  return (run.mode === 'training' ? callNs / run.deviceIterations : update.latencyNs) / 1e6;
}

function bubbleShare({ update }: SimulatedCall): number {
  const { pipelineNs, ranks } = update;
  const computing = sum(ranks.map((rank) => rank.busyNs + (rank.phaseNs.recompute ?? 0)));
  return pipelineNs === 0 ? 0 : 1 - computing / (pipelineNs * ranks.length);
}

function utilisation(call: SimulatedCall): number {
  const { run, stages, callNs } = call;
  const { chip } = run.hardware;
  const macs = run.precision === 'float16' ? chip.macsPerCycleFloat16 : chip.macsPerCycleFloat32;
  const peak = 2 * macs * chip.tiles * chip.clockHz * run.ipusPerReplica;
  const microBatches = (run.mode === 'training' ? run.gradientAccumulation : 1) * run.deviceIterations;
  return (sum(stages.map(({ flops }) => flops)) * microBatches) / (peak * (callNs / 1e9));
}

function boundBy(call: SimulatedCall, ipus: readonly IpuTime[]): string {
  const total = call.callNs / 1e9;
  const slowest = ipus.reduce((a, b) => (b.busyShare > a.busyShare ? b : a));
  const common = ['weight-update', 'all-reduce', 'optimizer-state', 'host-call', 'stream-in', 'copy'];
  const shares = common.map((name) => ({ name, share: (slowest.seconds[name] ?? 0) / total }));
  const ramp = {
    name: 'filling and draining the pipeline',
    share: (slowest.seconds['waits: upstream'] ?? 0) / total,
  };
  const worst = [...shares, ramp].reduce((a, b) => (b.share > a.share ? b : a));
  if (worst.share > slowest.busyShare) return `${worst.name}: ${Math.round(worst.share * 100)} % of the time`;
  return `IPU ${slowest.ipu} (${slowest.stages.join(' + ')}), which computes ${Math.round(slowest.busyShare * 100)} % of the time`;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
