import { withinMs } from '../../ipu-config/base/bounded.js';
import { InputError } from '../../ipu-config/base/errors.js';
import { short } from '../../ipu-config/base/json-text.js';
import type { IpuConfig } from '../../ipu-config/ipu-config.js';
import type { Pipeline } from '../../pipeline/runtime/pipeline.js';
import { rowInputs } from '../models/families/families.js';
import { longestSequence } from '../models/model-config.js';
import { resolveOptions } from '../tasks/options.js';
import { TASKS, type AnyTask, type TaskInput, type TaskOptions, type TaskOutput } from '../tasks/table.js';
import type { TaskContext, TaskDefinition, TaskInputs, TaskResult, TaskSpec } from '../tasks/task.js';
import { BatchStream } from './batch-stream.js';
import {
  checkSequenceLength,
  CLOSE_TIMEOUT_MS,
  startBertPipeline,
  type BertPipelineOptions,
} from './bert-pipeline.js';
import { cutModel } from './cut-model.js';
import { openModel, type BertModel, type Note } from './model.js';
import { tokenizerOf } from './model-tokenizer.js';
import { TaskRequest } from './request.js';
import { modelChoices } from './sentence-model.js';
import { SubmitQueue, type QueueLoad, type SubmitOptions } from './submit-queue.js';
import { withHead } from './task-head.js';
import { TaskStream } from './task-stream.js';

type PipelineChoices = Partial<Omit<BertPipelineOptions, 'model' | 'sequenceLength'>>;

/** What a session is opened with: a model, a task, and how the model is cut and run. */
export interface SessionOptions<T extends AnyTask> extends PipelineChoices {
  /** A model, or its name as `openModel` takes it. */
  readonly model: string | BertModel;
  /** A name of `TASKS`, or a task of your own. */
  readonly task: T;
  /** The task's own; see `TASKS`. */
  readonly options?: TaskOptions<T>;
  /** Cuts the model. With neither it nor `stages`: one device with a thread for each core. */
  readonly config?: IpuConfig;
  /** Instead of a configuration: from `planStages`, ending in the task's head. */
  readonly stages?: BertPipelineOptions['stages'];
  /** `onnx` when absent. */
  readonly executor?: string;
  /** Most pieces in a row; 384, or the model's positions if they are fewer, when absent. */
  readonly maxLength?: number;
  /** Most rows in a micro-batch; 1 when absent. */
  readonly microBatch?: number;
  /** Rows that are sorted by length together; the larger of 32 and 16 micro-batches when absent. */
  readonly lookahead?: number;
  /** Told what is done with a model that its user may not expect, such as where its pooling comes from. */
  readonly onNote?: Note;
  /** Most tokens of submitted requests that are under way at once; 262,144 when absent. */
  readonly queueTokens?: number;
}

/** What SQuAD models are trained with. */
export const USUAL_LENGTH = 384;
const USUAL_QUEUE_TOKENS = 2 ** 18;
/** The longest time that a timer of Node takes. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Loads a model for a task, as a pipeline that answers requests until it is closed.
 * @throws InputError for a head, a length or an option that there is not; what `openModel`, `cutModel` and
 *   `startBertPipeline` throw
 */
export async function openSession<T extends AnyTask>(
  options: SessionOptions<T>,
): Promise<Session<TaskInput<T>, TaskOutput<T>, TaskOptions<T>>> {
  const { executor = 'onnx', microBatch = 1, queueTokens = USUAL_QUEUE_TOKENS } = options;
  const lookahead = options.lookahead ?? Math.max(32, 16 * microBatch);
  checkCounts({ microBatch, lookahead, queueTokens });
  const asked = new ChosenTask<TaskInput<T>, TaskOutput<T>>(options.task, options.options ?? {});
  const { signal } = options;
  const found =
    typeof options.model === 'string'
      ? await openModel(options.model, signal ? { signal } : {})
      : options.model;
  const choices = await modelChoices(asked.spec, options.options ?? {}, found, options.onNote);
  const chosen = new ChosenTask<TaskInput<T>, TaskOutput<T>>(options.task, choices.options);
  const model = withHead(found, chosen.head);
  const context = await taskContext({ ...choices, ...options, model });
  const begin = chosen.within(context);
  const cut = options.stages ? { stages: options.stages } : cutModel(model, options.config);
  const running = { ...cut, ...options, model, stages: cut.stages };
  const pipeline = await startBertPipeline({
    ...running,
    ...{ executor, microBatch, sequenceLength: context.maxLength },
  });
  const batches = new BatchStream(pipeline, {
    ...{ microBatch, lookahead, signal, inputs: rowInputs(model.config) },
    // Where positions depend on it, the model's own.
    padId: model.config.padTokenId ?? context.tokenizer.padId,
    flows:
      options.schedule === undefined && new Set(cut.stages.map(({ ipu }) => ipu)).size === cut.stages.length,
  });
  const closeTimeoutMs = options.closeTimeoutMs ?? CLOSE_TIMEOUT_MS;
  return new Session({ pipeline, batches, begin, lookahead, queueTokens, closeTimeoutMs, signal });
}

/** What tasks need to know of a model before it is loaded. @throws InputError for a length that it does not have */
export async function taskContext({
  model,
  maxLength,
  onNote,
}: {
  readonly model: BertModel;
  readonly maxLength?: number;
  readonly onNote?: Note;
}): Promise<TaskContext> {
  const { config } = model;
  const longest = maxLength ?? Math.min(USUAL_LENGTH, longestSequence(config));
  checkCounts({ maxLength: longest });
  checkSequenceLength(model, longest);
  return { tokenizer: await tokenizerOf(model, onNote), config, maxLength: longest };
}

interface SessionParts<Input, Output> {
  readonly pipeline: Pipeline;
  readonly batches: BatchStream;
  /** Makes requests, with the session's options or others. */
  readonly begin: (options: object | undefined) => (input: Input) => TaskRequest<Output>;
  readonly lookahead: number;
  readonly queueTokens: number;
  readonly closeTimeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** A running pipeline that does one task for many callers, in one stream of micro-batches. See docs/tasks.md. */
export class Session<Input, Output, Options extends object = object> implements AsyncDisposable {
  readonly #parts: SessionParts<Input, Output>;
  readonly #queue: SubmitQueue<Input, Output>;
  #closing: Promise<void> | undefined;

  /** Not for callers: `openSession` makes sessions. */
  constructor(parts: SessionParts<Input, Output>) {
    this.#parts = parts;
    this.#queue = new SubmitQueue(parts.batches, parts.queueTokens);
  }

  /** The stages, their memory and the pipeline's state, for reports. */
  get pipeline(): Pick<Pipeline, 'stages' | 'slotBytes' | 'state' | 'warnings'> {
    return this.#parts.pipeline;
  }

  get load(): QueueLoad {
    return this.#queue.load;
  }

  /**
   * Runs one input. Requests run in the order of the calls, those of like length together; one that comes alone does
   * not wait.
   * @throws InputError for an input that cannot be run, or when the session has been closed; QueueFullError when it
   *   would have to wait and may not; CheckpointError when the model's outputs are no numbers; the reason of a signal;
   *   StageFailedError when the pipeline fails
   */
  async submit(input: Input, { options, ...how }: SubmitOptions<Options> = {}): Promise<Output> {
    if (this.#closing) throw closedError();
    return this.#queue.submit(input, this.#parts.begin(options), how);
  }

  /**
   * Streams inputs. Results come in the order of the inputs, and at most `2 × lookahead` inputs are held, however many
   * there are. An input that the task refuses gives its error in its place.
   * @throws what `submit` throws for anything else, or the iterable of the inputs, after the results of all inputs
   *   before
   */
  stream<Each extends Input>(
    inputs: TaskInputs<Each>,
    { options }: Pick<SubmitOptions<Options>, 'options'> = {},
  ): AsyncGenerator<TaskResult<Each, Output>, void, undefined> {
    const { batches, lookahead, begin } = this.#parts;
    return new TaskStream<Each, Output>(batches, lookahead, begin(options), inputs).results();
  }

  /**
   * Takes no more. Requests that were taken before, or wait for room, are given `graceMs` (0 when absent); then those
   * that have not begun are refused, and those that have come out, within `closeTimeoutMs`.
   * @throws StageFailedError as `Pipeline.close`
   */
  close({ graceMs = 0 }: { readonly graceMs?: number } = {}): Promise<void> {
    return (this.#closing ??= this.#close(graceMs));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(graceMs: number): Promise<void> {
    const { batches, pipeline, closeTimeoutMs, signal } = this.#parts;
    if (graceMs > 0) await withinMs(Math.min(graceMs, MAX_TIMEOUT_MS), this.#queue.empty());
    const closed = closedError();
    this.#queue.close(closed);
    await batches.close(closed, closeTimeoutMs);
    await pipeline.close().catch((error: unknown) => {
      // Whoever aborts knows, and whoever waited has been told.
      if (!signal?.aborted || error !== signal.reason) throw error;
    });
  }
}

function closedError(): InputError {
  return new InputError('this session has been closed; open another.');
}

/** A definition of the table, or what there is of one. */
type Spec<Input, Output> = TaskSpec<Input, Output, object> &
  Partial<Pick<TaskDefinition, 'name' | 'options'>>;

/** A task with the options of a session, and the head that they need. */
class ChosenTask<Input, Output> {
  readonly head: BertModel['head'];
  readonly spec: Spec<Input, Output>;
  readonly #given: object;

  constructor(task: AnyTask, given: object) {
    if (typeof task === 'string' && !Object.hasOwn(TASKS, task)) {
      throw new InputError(
        `there is no task ${JSON.stringify(short(task))}: there are ${Object.keys(TASKS).join(', ')}.`,
      );
    }
    this.spec = (typeof task === 'string' ? TASKS[task] : task) as Spec<Input, Output>;
    this.#given = given;
    this.head = this.spec.head(this.#options(given));
  }

  within(context: TaskContext): SessionParts<Input, Output>['begin'] {
    const begin = (options: object): ((input: Input) => TaskRequest<Output>) => {
      const task = this.spec.begin(context, options);
      return (input) => new TaskRequest(task, input, context);
    };
    const usual = begin(this.#options(this.#given));
    return (given) => {
      if (given === undefined) return usual;
      const options = this.#options({ ...this.#given, ...given });
      const head = this.spec.head(options);
      if (head === this.head) return begin(options);
      const [asked, there] = [head, this.head].map((one) => one ?? 'no head');
      throw new InputError(
        `these options need ${asked}, and the session has ${there}: open another with them.`,
      );
    };
  }

  #options(given: object): object {
    const { options, name = 'the task' } = this.spec;
    return options ? resolveOptions({ name, options }, given) : given;
  }
}

function checkCounts(counts: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(counts)) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new InputError(`${name} is ${value}: it must be a whole number of at least 1.`);
  }
}
