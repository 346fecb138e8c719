import { describeConfig } from '../../../ipu-config/describe-config.js';
import type { IpuConfig } from '../../../ipu-config/ipu-config.js';
import type { Advice } from '../../planning/memory-advice.js';
import type { PredictedRates } from '../../hardware/predict.js';
import type { IpuRun } from '../../hardware/run-spec.js';
import type { IpuSimulation } from '../../hardware/simulation.js';
import { bytes, figure, milliseconds, percent } from '../../../ipu-config/base/format.js';
import type { Activity } from '../../observe/activity.js';
import type { Configuration, Fact, Highlight, ReportData, StackedBars, Throughput } from './report-data.js';
import type { TimelineData } from '../../observe/timeline-collector.js';
import { fullestIpu, fullestShare, orderName } from './words.js';

const FORWARD: Activity = 'F';

export interface SimulationDataExtras {
  readonly timelines?: readonly TimelineData[];
  /** What one IPU with the whole model would do: the base of the throughput chart. */
  readonly oneIpu?: PredictedRates | undefined;
  readonly configuration?: Configuration;
  readonly advice?: readonly Omit<Advice, 'set'>[];
  /** More sentences of what the figures mean. */
  readonly summary?: readonly string[];
}

/** A simulation of IPUs as the page shows it. */
export function simulationData(simulation: IpuSimulation, extras: SimulationDataExtras = {}): ReportData {
  const { run, warnings } = simulation;
  const { timelines, oneIpu, configuration, advice = [], summary: more = [] } = extras;
  return {
    format: 'ipu-pipeline-report',
    version: 1,
    title: `${run.model.name} on ${run.hardware.system.name}`,
    subtitle: `${run.mode}, ${orderName(run)}, ${run.replicas} × ${run.ipusPerReplica} IPUs ${run.hardware.chip.name}`,
    kind: 'simulated',
    highlights: simulationHighlights(simulation),
    verdict: verdict(simulation, oneIpu),
    summary: [...summary(simulation, advice), ...more],
    warnings,
    ...(timelines ? { timelines } : {}),
    throughput: throughput(simulation, oneIpu),
    time: [timeBars(simulation)],
    memory: [memoryBars(simulation)],
    ...(configuration ? { configuration } : {}),
    settings: settings(run),
  };
}

/** What the run was configured with. */
export function configurationData(name: string, config: IpuConfig): Configuration {
  return {
    name,
    warnings: [],
    attributes: describeConfig(config).map((attribute) => ({
      name: attribute.name,
      value: JSON.stringify(attribute.value),
      source: attribute.source,
      note: attribute.note,
    })),
  };
}

/** The few figures that a reader looks for first. */
export function simulationHighlights(simulation: IpuSimulation): Highlight[] {
  const { rates, run, memory } = simulation;
  const fullest = fullestIpu(memory);
  return [
    {
      label: 'throughput',
      value: `${figure(rates.sequencesPerSecond)} seq/s`,
      note: `${run.replicas} ${run.replicas === 1 ? 'replica' : 'replicas'}; ${spread(simulation)}`,
    },
    run.mode === 'training'
      ? { label: 'weight update', value: milliseconds(rates.stepSeconds * 1e3), note: updateNote(run) }
      : {
          label: 'latency',
          value: milliseconds(simulation.latencyMs),
          note: `${milliseconds(rates.stepSeconds * 1e3)} a call`,
        },
    { label: 'bubble', value: percent(simulation.bubbleShare), note: 'idle, first to last micro-batch' },
    { label: 'utilisation', value: percent(simulation.utilisation), note: "of the IPUs' peak" },
    {
      label: 'memory',
      value: simulation.fits ? 'fits' : 'does not fit',
      note: `IPU ${fullest.ipu}: ${percent(fullestShare(memory))} of ${bytes(fullest.limitBytes)}`,
    },
  ];
}

/** Of the throughput, in a few words. */
function spread({ calibration: { isCalibrated, meanError } }: IpuSimulation): string {
  return isCalibrated ? `± ${percent(meanError!)}` : 'not calibrated for this shape';
}

function updateNote({ gradientAccumulation, microBatch, replicas, sequencesPerRow }: IpuRun): string {
  const sequences = gradientAccumulation * microBatch * replicas * sequencesPerRow;
  return `of ${figure(sequences)} sequences`;
}

function summary(simulation: IpuSimulation, advice: readonly Omit<Advice, 'set'>[]): string[] {
  const { run, fits } = simulation;
  const [best] = advice;
  return [
    `Predicted from a model of ${run.hardware.chip.name} hardware, not measured. ${simulation.calibration.text}`,
    ...(fits || !best
      ? []
      : [
          `To make it fit, ${best.change} saves most: ${bytes(best.bytesSaved)} of the fullest IPU` +
            (best.fits ? ', and then it fits.' : ', which is not enough by itself.'),
        ]),
  ];
}

/** Whether it can run, how it compares with IPUs that have the whole model each, and what bounds it. */
function verdict(
  { run, rates, memory, fits, boundBy }: IpuSimulation,
  oneIpu: PredictedRates | undefined,
): string {
  const bound = `bound by ${boundBy}`;
  if (!fits) {
    const fullest = fullestIpu(memory);
    const needs = `IPU ${fullest.ipu} needs ${percent(fullestShare(memory))} of its ${bytes(fullest.limitBytes)}`;
    return `It does not fit: ${needs}. If it did, it would be ${bound}.`;
  }
  const does = `It fits, and does ${figure(rates.sequencesPerSecond)} sequences/s`;
  if (oneIpu === undefined) return `${does}, ${bound}.`;
  const ratio = rates.sequencesPerSecond / oneIpu.sequencesPerSecond;
  const than = `${baseName(run)} (${figure(ratio)} ×)`;
  return ratio > 1
    ? `${does}: faster than ${than}, and ${bound}.`
    : `${does}: no faster than ${than}, because it is ${bound}.`;
}

function baseName({ replicas }: IpuRun): string {
  return `${replicas} × 1 IPU, if its memory were enough`;
}

function throughput({ run, rates }: IpuSimulation, oneIpu: PredictedRates | undefined): Throughput[] {
  const name = `${run.replicas} × ${run.ipusPerReplica} IPUs`;
  const own: Throughput = { name, sequencesPerSecond: rates.sequencesPerSecond, kind: 'simulated' };
  if (oneIpu === undefined) return [own];
  const { sequencesPerSecond } = oneIpu;
  return [{ name: baseName(run), sequencesPerSecond, kind: 'simulated', isBase: true }, own];
}

/** Milliseconds of one call, by what an IPU does or waits for. */
export function timeBars({ ipus, run }: IpuSimulation): StackedBars {
  // Without a backward all computing is forward, and has the colour that it has in the timeline.
  const named = (name: string): string => (name === 'compute' && run.mode === 'inference' ? FORWARD : name);
  return {
    title: 'Time of each IPU',
    note: 'Milliseconds of one call.',
    unit: 'ms',
    parts: 'activities',
    bars: ipus.map(({ ipu, stages, seconds, busyShare }) => ({
      name: `IPU ${ipu}`,
      detail: stages.join(' + '),
      words: `computes ${percent(busyShare)}`,
      parts: Object.entries(seconds).map(([name, value]) => ({ name: named(name), value: value * 1e3 })),
    })),
  };
}

export function memoryBars({ memory, ipus }: IpuSimulation): StackedBars {
  const offChip = Math.max(...memory.map(({ offChipBytes }) => offChipBytes));
  return {
    title: 'Memory of each IPU',
    ...(offChip > 0 ? { note: `Optimizer state lies off the chip: up to ${bytes(offChip)} an IPU.` } : {}),
    unit: 'bytes',
    parts: 'series',
    bars: memory.map((one) => ({
      name: `IPU ${one.ipu}`,
      // An IPU without any stage has no time.
      detail: ipus[one.ipu]?.stages.join(' + ') ?? '',
      limit: one.limitBytes,
      // Every category in every bar: a colour then means the same whatever is zero.
      parts: Object.entries(one.bytes).map(([name, value]) => ({ name, value })),
    })),
  };
}

function settings(run: IpuRun): Fact[] {
  const training = run.mode === 'training';
  return [
    { label: 'model', value: `${run.model.name} (${run.model.head})` },
    { label: 'system', value: `${run.hardware.system.name}, ${run.hardware.system.ipus} IPUs` },
    { label: 'mode', value: run.mode },
    { label: 'order', value: orderName(run) },
    { label: 'replicas', value: `${run.replicas} × ${run.ipusPerReplica} IPUs` },
    { label: 'sequence length', value: `${run.sequenceLength}` },
    { label: 'rows in a micro-batch', value: `${run.microBatch}` },
    ...(training ? [{ label: 'gradient accumulation', value: `${run.gradientAccumulation}` }] : []),
    { label: 'device iterations', value: `${run.deviceIterations}` },
    { label: 'precision', value: run.precision },
    ...(training ? [{ label: 'recompute', value: run.recompute }] : []),
    ...(run.optimizer ? [{ label: 'optimizer', value: run.optimizer.name }] : []),
  ];
}
