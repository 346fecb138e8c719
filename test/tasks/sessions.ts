import { rm } from 'node:fs/promises';
import {
  IpuConfig,
  openModel,
  openSession,
  type BertModel,
  type Classification,
  type Session,
  type SessionOptions,
  type TaskInput,
  type TaskName,
  type TaskOptions,
  type TaskOutput,
  type TextToClassify,
} from 'ipu-pipeline';
import type { Span } from 'ipu-pipeline/schedules';
import type { TaskResult } from 'ipu-pipeline/tasks';
import { PIECES, writeModel } from '../model-directory.js';

export const LABELS = { 0: 'O', 1: 'B-PER', 2: 'I-PER' };
const written: string[] = [];

export const removeModels = (): Promise<void[]> =>
  Promise.all(written.map((directory) => rm(directory, { recursive: true })));

/** A small model of this class, with three labels. */
export async function smallModel(config: Record<string, unknown>): Promise<BertModel> {
  const directory = await writeModel({ config: { id2label: LABELS, ...config } });
  written.push(directory);
  return openModel(directory);
}

interface Cut<T extends TaskName> {
  readonly layers?: readonly number[];
  readonly microBatch?: number;
  readonly lookahead?: number;
  readonly queueTokens?: number;
  readonly options?: TaskOptions<T>;
  readonly deviceIterations?: number;
}

/** A session on a small model of this class, with the slow executor, cut into so many layers for each IPU. */
export async function openSmall<T extends TaskName>(
  architecture: string,
  task: T,
  { layers = [4], deviceIterations = 1, ...cut }: Cut<T> = {},
): Promise<Session<TaskInput<T>, TaskOutput<T>>> {
  const model = await smallModel({ architectures: [architecture] });
  const config = new IpuConfig({
    layers_per_ipu: [...layers],
    inference_device_iterations: deviceIterations,
  });
  return openSession({ model, task, executor: 'reference', config, ...cut });
}

export const CLASSIFIER = 'BertForSequenceClassification';
export const stopped = new Error('no longer wanted');

export interface Slow {
  readonly session: Session<TextToClassify, Classification>;
  /** Micro-batches that have been run. */
  readonly begun: () => number;
}

/** Takes some tens of milliseconds for a row, so that others wait meanwhile. */
export async function openSlow(more: Partial<SessionOptions<'classify'>> = {}): Promise<Slow> {
  let begun = 0;
  const onSpan = (span: Span): void => void (begun += span.kind === 'action' ? 1 : 0);
  const session = await openSession({
    ...{ model: 'synthetic:bert-mini', task: 'classify', executor: 'reference', maxLength: 64 },
    ...{ threadsPerStage: 1, onSpan, ...more },
  });
  return { session, begun: () => begun };
}

export const slowText = (at: number): TextToClassify => ({
  text: `${'the word '.repeat(8)} ${'time '.repeat(at % 5)}`,
});

/** How each promise ends, in the order of their ends. */
export function ends(promises: readonly Promise<unknown>[]): {
  order: number[];
  all: Promise<PromiseSettledResult<unknown>[]>;
} {
  const order: number[] = [];
  promises.forEach((promise, at) => {
    const ended = (): void => void order.push(at);
    promise.then(ended, ended);
  });
  return { order, all: Promise.allSettled(promises) };
}

export async function all<Input, Output>(
  results: AsyncIterable<TaskResult<Input, Output>>,
): Promise<TaskResult<Input, Output>[]> {
  const list: TaskResult<Input, Output>[] = [];
  for await (const result of results) list.push(result);
  return list;
}

/** The outputs, none of which may be an error. */
export async function outputs<Output>(
  results: AsyncIterable<TaskResult<unknown, Output>>,
): Promise<Output[]> {
  return (await all(results)).map((result) => {
    if ('error' in result) throw result.error;
    return result.output;
  });
}

/** The output of a task with one input. */
export async function only<Output>(results: AsyncIterable<TaskResult<unknown, Output>>): Promise<Output> {
  const [first, ...rest] = await outputs(results);
  if (first === undefined || rest.length > 0) throw new Error(`${rest.length + 1} results instead of one`);
  return first;
}

const words = PIECES.slice(12);

/** Texts of so many pieces each. */
export const texts = (...lengths: readonly number[]): { text: string }[] =>
  lengths.map((length, at) => ({
    text: Array.from({ length }, (_, k) => words[(at * 7 + k * k) % words.length]).join(' '),
  }));
