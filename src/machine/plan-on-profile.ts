import { InputError } from '../../ipu-config/base/errors.js';
import type { ScheduleGenerator } from '../../pipeline/schedule/schedule.js';
import type { ModelConfig, ModelHead, Slice } from '../models/model-config.js';
import { bestSplit } from '../planning/split-search.js';
import type { MachineProfile } from './machine-profile.js';
import { predictRuntime, type RuntimePrediction, type RuntimeRun } from './predict-runtime.js';
import { fastest } from './slowdown.js';
import { modelOnMachine, stageWork, type BatchShape } from './stage-work.js';

export interface PlannedModel {
  readonly config: ModelConfig;
  readonly head: ModelHead | null;
}

export interface ProfilePlanOptions extends BatchShape {
  /** Stages, each on a thread of its own. */
  readonly stages: number;
  readonly schedule?: ScheduleGenerator;
  readonly deviceIterations?: number;
  readonly replicas?: number;
  readonly threadsPerStage?: number;
  readonly slotsPerLink?: number;
  readonly cores?: number;
  /** Micro-batches of each simulated run; enough for a steady state when absent. */
  readonly microBatches?: number;
}

export interface SplitOnMachine {
  /** As `layers_per_ipu`: layers of each stage. The embedding is on the first, the head on the last. */
  readonly layersPerIpu: readonly number[];
  readonly prediction: RuntimePrediction;
  /** Splits that were simulated. */
  readonly simulated: number;
  /** Nothing is better by more than `WITHIN`. */
  readonly exact: boolean;
}

/** A few seconds at most; with more, the best so far is given, and said to be no more than that. */
const MOST_SIMULATED = 400;

/** A split that is better by less than this is not looked for: measurements do not tell the two apart. */
const WITHIN = 0.01;

/**
 * The split of a model's layers over threads of the profiled machine that is simulated to be best: every split is
 * either simulated, or cannot be better by more than one percent. Where the one whose longest stage is shortest is as
 * good as that, it is the one.
 * @throws InputError when there are more stages than layers
 */
export function planOnProfile(
  machine: MachineProfile,
  model: PlannedModel,
  options: ProfilePlanOptions,
): SplitOnMachine {
  const { numHiddenLayers: layers } = model.config;
  const { stages, microBatch, replicas = 1 } = options;
  if (!Number.isSafeInteger(stages) || stages < 1 || stages > layers) {
    throw new InputError(`stages is ${stages}; the model has ${layers} layers: give 1 to ${layers}.`);
  }
  const simulated: { readonly split: readonly number[]; readonly prediction: RuntimePrediction }[] = [];
  const { aloneNs, wholeNs } = stageTimes(machine, model, options);
  const found = bestSplit({
    bins: stages,
    units: layers,
    cost: aloneNs,
    total: (split) => {
      const prediction = predictSplit(machine, model, split, options);
      simulated.push({ split: [...split], prediction });
      return (microBatch * replicas * 1e9) / prediction.sequencesPerSecond;
    },
    // No stage goes faster beside others than alone, and each replica's throughput is that of its slowest at best.
    bound: (prefix, rest) => {
      if (simulated.length >= MOST_SIMULATED) return Infinity;
      let start = 0;
      const costs = prefix.map((length, stage) => aloneNs(stage, start, (start += length)));
      return Math.max(wholeNs, ...costs, ...rest.largest.slice(prefix.length, stages)) * (1 + WITHIN);
    },
  });
  if (!found) throw new InputError(`${layers} layers cannot be cut into ${stages} stages.`);
  // The search begins with the split whose longest stage is shortest.
  const [shortest] = simulated;
  const best = simulated.find(({ split }) => split.join() === found.split.join())!;
  const isAsGood =
    shortest!.prediction.sequencesPerSecond * (1 + WITHIN) >= best.prediction.sequencesPerSecond;
  const { split, prediction } = isAsGood ? shortest! : best;
  const exact = found.exact && simulated.length < MOST_SIMULATED;
  return { layersPerIpu: split, prediction, simulated: simulated.length, exact };
}

/** Bounds on what stages take: one by itself, and all of them on all cores. */
function stageTimes(
  machine: MachineProfile,
  model: PlannedModel,
  options: ProfilePlanOptions,
): { aloneNs: (stage: number, start: number, end: number) => number; wholeNs: number } {
  const { stages, threadsPerStage = 1, replicas = 1, cores = machine.machine.cores } = options;
  const { profile } = modelOnMachine(machine, model.config, model.head);
  const sliceNs = (slice: Slice): number => {
    const shape = { ...options, threads: threadsPerStage };
    const { weightsNs, computeNs } = stageWork(profile, model.config, slice, shape);
    return weightsNs + computeNs;
  };
  const all = { model, stages: 1, stage: 0, start: 0, end: model.config.numHiddenLayers };
  // So many stages' work is done in the time of one at most, whatever runs together.
  const atOnce = Array.from(
    { length: stages * replicas },
    (_, at) => (at + 1) * fastest(profile, { stagesAtOnce: at + 1, threadsPerStage, cores }),
  );
  return {
    aloneNs: (stage, start, end) =>
      end === start ? Infinity : sliceNs(sliceOf({ model, stages, stage, start, end })),
    wholeNs: (sliceNs(sliceOf(all)) * replicas) / Math.max(...atOnce),
  };
}

/** What a given split is simulated to do. */
export function predictSplit(
  machine: MachineProfile,
  model: PlannedModel,
  layersPerIpu: readonly number[],
  options: Omit<ProfilePlanOptions, 'stages'>,
): RuntimePrediction {
  const stages = layersPerIpu.length;
  let start = 0;
  const placed = layersPerIpu.map((length, stage) => {
    const slice = sliceOf({ model, stages, stage, start, end: start + length });
    start += length;
    return { ipu: stage, slice };
  });
  const run: RuntimeRun = {
    ...options,
    microBatches: options.microBatches ?? 4 * stages * (options.replicas ?? 1),
    model: model.config,
    stages: placed,
  };
  return predictRuntime(machine, run);
}

function sliceOf(at: {
  model: PlannedModel;
  stages: number;
  stage: number;
  start: number;
  end: number;
}): Slice {
  const { model, stages, stage, start, end } = at;
  return {
    embedding: stage === 0,
    firstLayer: start,
    endLayer: end,
    head: stage === stages - 1 ? model.head : null,
  };
}
