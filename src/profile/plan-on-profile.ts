import { InputError } from '../../ipu-config/errors.js';
import type { ScheduleGenerator } from '../../pipeline/schedule.js';
import type { BertConfig, BertHead, BertSlice } from '../bert/bert-config.js';
import { bestSplit } from '../ipu/split-search.js';
import type { MachineProfile } from './machine-profile.js';
import { predictRuntime, type RuntimePrediction, type RuntimeRun } from './predict-runtime.js';
import { modelOnMachine, stageWork, type BatchShape } from './stage-work.js';

export interface PlannedModel {
  readonly config: BertConfig;
  readonly head: BertHead | null;
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

/** A split that is better by less than this is not looked for: measurements do not tell the two apart. */
const WITHIN = 0.005;

/**
 * The split of a model's layers over threads of the profiled machine that is simulated to be best: every split is
 * either simulated, or cannot be better by more than half a percent.
 * @throws InputError when there are more stages than layers
 */
export function planOnProfile(
  machine: MachineProfile,
  model: PlannedModel,
  options: ProfilePlanOptions,
): SplitOnMachine {
  const { numHiddenLayers: layers } = model.config;
  const { stages, threadsPerStage = 1, replicas = 1, cores = machine.machine.cores } = options;
  if (!Number.isSafeInteger(stages) || stages < 1 || stages > layers) {
    throw new InputError(`stages is ${stages}; the model has ${layers} layers: give 1 to ${layers}.`);
  }
  const { profile } = modelOnMachine(machine, model.config, model.head);
  const aloneOf = (stage: number, start: number, end: number, of: number): number => {
    const slice = sliceOf({ model, stages: of, stage, start, end });
    const { weightsNs, computeNs } = stageWork(profile, model.config, slice, {
      ...options,
      threads: threadsPerStage,
    });
    return weightsNs + computeNs;
  };
  const aloneNs = (stage: number, start: number, end: number): number =>
    end === start ? Infinity : aloneOf(stage, start, end, stages);
  const predictions = new Map<string, RuntimePrediction>();
  const predict = (split: readonly number[]): RuntimePrediction => {
    const prediction = predictSplit(machine, model, split, options);
    predictions.set(split.join(), prediction);
    return prediction;
  };
  // What all cores together need, however the layers are cut.
  const wholeNs = aloneOf(0, 0, layers, 1) * replicas * (Math.min(threadsPerStage, cores) / cores);
  const found = bestSplit({
    bins: stages,
    units: layers,
    cost: aloneNs,
    total: (split) => (options.microBatch * replicas * 1e9) / predict(split).sequencesPerSecond,
    // No stage goes faster beside others than alone, and each replica's throughput is that of its slowest at best.
    bound: (prefix, rest) => {
      const starts = prefix.map((_, at) => prefix.slice(0, at).reduce((a, b) => a + b, 0));
      const costs = prefix.map((length, stage) => aloneNs(stage, starts[stage]!, starts[stage]! + length));
      return Math.max(wholeNs, ...costs, ...rest.slice(prefix.length, stages)) * (1 + WITHIN);
    },
  });
  if (!found) throw new InputError(`${layers} layers cannot be cut into ${stages} stages.`);
  return {
    layersPerIpu: found.split,
    prediction: predictions.get(found.split.join())!,
    simulated: found.evaluated,
    exact: found.exact,
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
}): BertSlice {
  const { model, stages, stage, start, end } = at;
  return {
    embedding: stage === 0,
    firstLayer: start,
    endLayer: end,
    head: stage === stages - 1 ? model.head : null,
  };
}
