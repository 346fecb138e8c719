import { environment } from '../benchmark/environment.js';
import { checkSequenceLength } from '../runs/bert-pipeline.js';
import { checkWeights, type BertModel } from '../runs/model.js';
import { chooseExecutor } from '../executors/choice/choose-executor.js';
import { tokenizerOf } from '../runs/model-tokenizer.js';
import { fitModel } from './fit-model.js';
import { PROFILE_FORMAT, type MachineProfile, type ModelProfile } from './machine-profile.js';
import { measureModel, type MeasureHooks } from './measure-model.js';
import { profilePlan, thisMachine } from './profile-plan.js';

export interface ProfileOptions {
  readonly models: readonly BertModel[];
  /** `onnx` or `reference`. */
  readonly executor: string;
  readonly sequenceLengths: readonly number[];
  readonly microBatches: readonly number[];
  /** For each model, loading included; two rounds are run even if they take longer. */
  readonly maxSeconds: number;
  /** 12 when absent. The first warms up. */
  readonly maxRounds?: number;
  readonly signal?: AbortSignal;
}

/** Enough for half of the samples to be undisturbed by what else runs on the machine for a moment. */
const MAX_ROUNDS = 12;
const LEAST_ROUNDS = 2;

export interface ProfileHooks {
  /** Measuring of a model begins. */
  onModel?(name: string): MeasureHooks;
}

/**
 * Measures how long the parts of models take on this machine, and fits a rule to it that predicts other splits,
 * lengths and micro-batches.
 * @throws InputError, CheckpointError before anything is measured; StageFailedError; the signal's reason
 */
export async function profileMachine(
  options: ProfileOptions,
  hooks: ProfileHooks = {},
): Promise<MachineProfile> {
  const { models, sequenceLengths, microBatches, maxSeconds, signal } = options;
  const { name: executor } = await chooseExecutor(options.executor);
  for (const model of models) {
    checkSequenceLength(model, Math.max(...sequenceLengths));
    await checkWeights(model, model.head);
  }
  const shapes = [...new Set(sequenceLengths)].flatMap((sequenceLength) =>
    [...new Set(microBatches)].map((microBatch) => ({ sequenceLength, microBatch })),
  );
  const profiles: ModelProfile[] = [];
  for (const model of models) {
    const plan = profilePlan(model, shapes, thisMachine());
    const tokenizer = await tokenizerOf(model);
    const maxRounds = Math.max(LEAST_ROUNDS, options.maxRounds ?? MAX_ROUNDS);
    const settings = { model, tokenizer, executor, plan, maxSeconds, maxRounds, signal };
    profiles.push(fitModel(await measureModel(settings, hooks.onModel?.(model.name))));
  }
  return {
    format: PROFILE_FORMAT,
    version: 1,
    date: new Date().toISOString(),
    executor,
    machine: environment(),
    models: profiles,
  };
}
