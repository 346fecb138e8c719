import { InputError } from '../../ipu-config/base/errors.js';
import type { BertHead } from '../models/bert/bert-config.js';
import { checkSequenceLength, startBertPipeline, type BertPipelineOptions } from './bert-pipeline.js';
import { oneDevice } from '../models/bert/stage-plan.js';
import { withHead } from './task-head.js';
import { tokenizerOf } from './model-tokenizer.js';
import type { TaskContext, TaskSession } from '../tasks/task.js';

type ContextOptions = Pick<SessionOptions, 'model' | 'maxLength'>;

export interface SessionOptions extends Omit<
  BertPipelineOptions,
  'stages' | 'executor' | 'microBatch' | 'sequenceLength'
> {
  /** What the task needs; see each task. Null: the encoder alone. */
  readonly head: BertHead | null;
  /** From `planStages`, ending in that head; one device when absent. */
  readonly stages?: BertPipelineOptions['stages'];
  /** `onnx` when absent. */
  readonly executor?: string;
  /** Most pieces in a row; 384, or the model's positions if they are fewer, when absent. */
  readonly maxLength?: number;
  /** Most rows in a micro-batch; 1 when absent. */
  readonly microBatch?: number;
  readonly lookahead?: number;
}

/** What SQuAD models are trained with. */
export const USUAL_LENGTH = 384;

/**
 * Loads a model for a task: its tokenizer and a running pipeline. Dispose of it at the end (`await using`).
 * @throws InputError for a head or a length that the model does not have; what `startBertPipeline` throws
 */
export async function openTask(options: SessionOptions): Promise<TaskSession & AsyncDisposable> {
  const { head, executor = 'onnx', microBatch = 1, lookahead } = options;
  const context = await taskContext(options);
  const { config, maxLength } = context;
  checkCounts({ microBatch, ...(lookahead === undefined ? {} : { lookahead }) });
  const pipeline = await startBertPipeline({
    ...options,
    model: withHead(options.model, head),
    stages: options.stages ?? oneDevice(config, head),
    ...{ executor, microBatch, sequenceLength: maxLength },
  });
  return {
    ...{ ...context, pipeline, microBatch },
    ...(lookahead === undefined ? {} : { lookahead }),
    [Symbol.asyncDispose]: () => pipeline.close(),
  };
}

/** What tasks need to know of a model before it is loaded. @throws InputError for a length that it does not have */
export async function taskContext({ model, maxLength }: ContextOptions): Promise<TaskContext> {
  const { config } = model;
  const longest = maxLength ?? Math.min(USUAL_LENGTH, config.maxPositionEmbeddings);
  checkCounts({ maxLength: longest });
  checkSequenceLength(model, longest);
  return { tokenizer: await tokenizerOf(model), config, maxLength: longest };
}

function checkCounts(counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new InputError(`${name} is ${value}: it must be a whole number of at least 1.`);
  }
}
