import type { Tensor } from '../../ipu-config/base/tensor.js';
import type { ProgramOutput } from '../models/program.js';
import type { Dimension } from '../models/steps.js';
import type { RowOutput, RowTensor, TaskRow } from '../tasks/task.js';

/** Who gave rows to a pipeline, and waits for what comes out. */
export interface RowOwner {
  /** What the last stage gave for row `at` of its rows. Must not throw. */
  receive(at: number, output: RowOutput): void;
  /** None of its rows that have not come out will. Must not throw. */
  fail(thrown: unknown): void;
}

/** One row of the model's input. */
export interface Row {
  readonly encoding: TaskRow;
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
const COLUMNS: Readonly<Record<string, (row: TaskRow) => readonly number[]>> = {
  input_ids: ({ ids }) => ids,
  attention_mask: ({ attentionMask }) => attentionMask,
  token_type_ids: ({ typeIds }) => typeIds,
  picked_positions: ({ picked = [] }) => picked,
};

/**
 * Rows as a micro-batch: each input `[batch, sequence]`, filled up to the longest of the rows with `padId` under a mask
 * of 0; `picked_positions` `[batch, picked]`, filled up with 0.
 */
export function batchTensors(rows: readonly Row[], inputs: readonly string[], padId: number): Tensor[] {
  return inputs.map((name) => {
    const columns = rows.map(({ encoding }) => COLUMNS[name]!(encoding));
    const width = columns.reduce((most, { length }) => Math.max(most, length), 0);
    const data = new Int32Array(rows.length * width).fill(name === 'input_ids' ? padId : 0);
    columns.forEach((column, at) => data.set(column, at * width));
    return { name, dtype: 'int32', shape: [rows.length, width], data };
  });
}

/** Takes a micro-batch's outputs apart, each row without what was only filled up: that means nothing. */
export function rowOutputs(
  rows: readonly Row[],
  outputs: readonly ProgramOutput[],
  tensors: readonly Tensor[],
): RowOutput[] {
  const kinds = new Map(outputs.map(({ name, shape }) => [name, shape[1]]));
  return rows.map(({ encoding }, at) => {
    const one = tensors.map(({ name, shape, data }): [string, RowTensor] => {
      const rest = shape.slice(1);
      const size = rest.reduce((product, d) => product * d, 1);
      const row = data.subarray(at * size, (at + 1) * size);
      const kept = ownLength(encoding, kinds.get(name));
      if (kept === undefined) return [name, { shape: rest, data: row }];
      const [filled, ...inner] = rest;
      return [name, { shape: [kept, ...inner], data: row.subarray(0, (size / filled!) * kept) }];
    });
    return new Map(one);
  });
}

/** How much a row has of a dimension that micro-batches fill up; undefined for others. */
function ownLength({ ids, picked }: TaskRow, dimension: Dimension | undefined): number | undefined {
  if (dimension === 'sequence') return ids.length;
  return dimension === 'picked' ? picked!.length : undefined;
}
