import { rm } from 'node:fs/promises';
import {
  IpuConfig,
  openModel,
  openTask,
  placeBert,
  planStages,
  withHead,
  type BertHead,
  type BertModel,
  type TaskResult,
  type TaskSession,
} from 'ipu-pipeline';
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

interface Cut {
  readonly layers?: readonly number[];
  readonly microBatch?: number;
  readonly lookahead?: number;
}

export async function openSmall(
  architecture: string,
  head: BertHead | null,
  { layers = [4], ...cut }: Cut = {},
): Promise<TaskSession & AsyncDisposable> {
  const model = withHead(await smallModel({ architectures: [architecture] }), head);
  const config = new IpuConfig(new Map([['layers_per_ipu', [...layers]]]));
  const stages = planStages(model.config, placeBert(config, { layers: 4, head, mode: 'inference' }));
  return openTask({ model, head, executor: 'reference', ...cut, stages });
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
