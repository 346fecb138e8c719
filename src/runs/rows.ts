import type { Tensor } from '../../ipu-config/base/tensor.js';
import type { RowOutput, RowTensor } from '../tasks/task.js';
import type { Encoding } from '../tokenizer/encode.js';

/** Who gave rows to a pipeline, and waits for what comes out. */
export interface RowOwner {
  /** What the last stage gave for row `at` of its rows. Must not throw. */
  receive(at: number, output: RowOutput): void;
  /** None of its rows that have not come out will. Must not throw. */
  fail(thrown: unknown): void;
}

/** One row of the model's input. */
export interface Row {
  readonly encoding: Encoding;
  readonly owner: RowOwner;
  /** Which of its owner's rows. */
  readonly at: number;
}

/** Rows that take their place in the queue together. */
export interface RowGroup {
  readonly rows: readonly Row[];
  /** Longest first. Absent: the other way round than what runs before. */
  readonly descending?: boolean;
  /** All that came with it has been given to the pipeline. */
  onBegun?(): void;
}

/**
 * Rows by length, so that those which share a micro-batch are alike, and neighbours too: a pipeline waits wherever a
 * long micro-batch follows a short one.
 */
export function byLength(rows: readonly Row[], descending: boolean): Row[] {
  const sorted = [...rows].sort((a, b) => a.encoding.ids.length - b.encoding.ids.length);
  return descending ? sorted.reverse() : sorted;
}

/** What each input of a model takes of a row. */
const COLUMNS: Readonly<Record<string, (row: Encoding) => readonly number[]>> = {
  input_ids: ({ ids }) => ids,
  attention_mask: ({ attentionMask }) => attentionMask,
  token_type_ids: ({ typeIds }) => typeIds,
};

/** Rows as a micro-batch `[batch, sequence]`, filled up to the longest of them with `padId` under a mask of 0. */
export function batchTensors(rows: readonly Row[], inputs: readonly string[], padId: number): Tensor[] {
  const sequence = longest(rows);
  return inputs.map((name) => {
    const data = new Int32Array(rows.length * sequence).fill(name === 'input_ids' ? padId : 0);
    rows.forEach(({ encoding }, at) => data.set(COLUMNS[name]!(encoding), at * sequence));
    return { name, dtype: 'int32', shape: [rows.length, sequence], data };
  });
}

/**
 * Takes a micro-batch's outputs apart. A second dimension that is the micro-batch's sequence is cut to the row's own
 * length: what was computed at padded positions means nothing.
 */
export function rowOutputs(rows: readonly Row[], tensors: readonly Tensor[]): RowOutput[] {
  const sequence = longest(rows);
  return rows.map(({ encoding: { ids } }, at) => {
    const one = tensors.map(({ name, shape, data }): [string, RowTensor] => {
      const rest = shape.slice(1);
      const size = rest.reduce((product, d) => product * d, 1);
      const row = data.subarray(at * size, (at + 1) * size);
      if (!isPerToken(name, shape)) return [name, { shape: rest, data: row }];
      const kept = [ids.length, ...rest.slice(1)];
      return [name, { shape: kept, data: row.subarray(0, (size / sequence) * ids.length) }];
    });
    return new Map(one);
  });
}

function longest(rows: readonly Row[]): number {
  return rows.reduce((most, { encoding }) => Math.max(most, encoding.ids.length), 0);
}

/** Tensors with an entry for each token; the other heads' outputs are `[batch, labels]`. */
function isPerToken(name: string, shape: readonly number[]): boolean {
  return shape.length >= 3 || ['start_logits', 'end_logits', 'attention_mask'].includes(name);
}
