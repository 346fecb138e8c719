import { InputError } from '../../ipu-config/base/errors.js';
import type { Schedule, ScheduleGenerator } from '../../pipeline/schedule/schedule.js';
import { Pipeline } from '../../pipeline/runtime/pipeline.js';
import type { PipelineOptions } from '../../pipeline/runtime/options.js';
import type { StageSpec } from '../../pipeline/runtime/rank/stage.js';
import { chooseExecutor } from '../executors/choice/choose-executor.js';
import { executorPlace } from '../executors/registry.js';
import { programOf } from '../models/families/families.js';
import { longestSequence } from '../models/model-config.js';
import { tensorBytes, type Program, type Sizes } from '../models/program.js';
import type { PlannedStageInit } from './bert-stage.js';
import { checkWeights, type BertModel, type Note } from './model.js';
import type { PlannedStage } from '../models/families/stage-plan.js';

export interface BertPipelineOptions extends Pick<
  PipelineOptions,
  | 'replicas'
  | 'deviceIterations'
  | 'slotsPerLink'
  | 'threads'
  | 'startTimeoutMs'
  | 'actionTimeoutMs'
  | 'closeTimeoutMs'
  | 'signal'
  | 'onSpan'
  | 'onProgress'
  | 'onWarning'
> {
  readonly model: BertModel;
  /** From `planStages` or `oneDevice`. */
  readonly stages: readonly PlannedStage[];
  /** One of `executorChoices`: `onnx`, `gpu.js:webgpu`, `auto`, … */
  readonly executor: string;
  /** Largest micro-batch, in rows. */
  readonly microBatch: number;
  /** Longest row, in tokens. */
  readonly sequenceLength: number;
  readonly threadsPerStage?: number;
  /** A head over the vocabulary gives logits at `picked_positions` `[batch, picked]` alone, one input more. */
  readonly picked?: boolean;
  /** Told of names of tensors that are read in another way than they stand in the files. */
  readonly onNote?: Note;
  /** A schedule that is given whole must have these stages on these IPUs, and says how long a call is. */
  readonly schedule?: ScheduleGenerator | Schedule;
}

/**
 * Layers run in native code, which a thread must have left before it is ended: as long as the longest micro-batch
 * that anybody waits for.
 */
export const CLOSE_TIMEOUT_MS = 60_000;

/**
 * Starts the stages of a BERT model. Everything that can be checked without weights is checked before the first
 * thread is started.
 * @throws InputError, CheckpointError for what cannot be run; StageFailedError when a stage does not start
 */
export async function startBertPipeline(options: BertPipelineOptions): Promise<Pipeline> {
  const { model, stages, sequenceLength } = options;
  // Once, here: workers are given the full name.
  const { name: executor } = await chooseExecutor(options.executor);
  checkSequenceLength(model, sequenceLength);
  await checkWeights(model, stages.at(-1)?.slice.head ?? null, options.onNote);
  return Pipeline.start(pipelineOptions({ ...options, executor }));
}

/** Refuses a schedule that could not be run. @throws InputError, ScheduleError */
export function checkBertPipeline(options: BertPipelineOptions): void {
  Pipeline.check(pipelineOptions(options));
}

function pipelineOptions(options: BertPipelineOptions): PipelineOptions {
  const { stages } = options;
  return {
    closeTimeoutMs: CLOSE_TIMEOUT_MS,
    ...options,
    stages: stages.map((stage) => stageSpec(stage, options)),
    inputBytes: tensorBytes(stageProgram(stages[0]!, options).inputs, sizesOf(options)),
  };
}

/** @throws InputError when the model has fewer positions than a row has tokens. */
export function checkSequenceLength(
  { name, config }: BertModel,
  sequenceLength: number,
  what = 'the sequence length',
): void {
  const longest = longestSequence(config);
  if (sequenceLength <= longest) return;
  const { maxPositionEmbeddings: rows, padTokenId: pad } = config;
  const why = pad === undefined ? '' : ` (max_position_embeddings ${rows} - pad_token_id ${pad} - 1)`;
  throw new InputError(
    `${what} ${sequenceLength} is more than the ${longest} positions of ${name}${why}: give at most ${longest}.`,
  );
}

function stageSpec(stage: PlannedStage, options: BertPipelineOptions): StageSpec {
  const { ipu, slice, name } = stage;
  const { model, executor, threadsPerStage } = options;
  const program = stageProgram(stage, options);
  const init: PlannedStageInit = {
    program,
    weights: model.weights,
    executor: executorPlace(executor),
    threads: threadsPerStage ?? 1,
  };
  return {
    name,
    ipu,
    ...(slice.endLayer > slice.firstLayer ? { layers: [slice.firstLayer, slice.endLayer] as const } : {}),
    module: new URL('./bert-stage.js', import.meta.url).href,
    forwardOnly: true,
    init,
    outputBytes: tensorBytes(program.outputs, sizesOf(options)),
  };
}

function stageProgram({ slice }: PlannedStage, { model, picked = false }: BertPipelineOptions): Program {
  return programOf(model.config, slice, { picked });
}

/** Of the largest micro-batch. */
function sizesOf({ microBatch, sequenceLength }: BertPipelineOptions): Sizes {
  return { batch: microBatch, sequence: sequenceLength, picked: sequenceLength };
}
