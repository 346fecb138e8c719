import type { Tensor } from '../../ipu-config/base/tensor.js';
import type { Encoding } from '../tokenizer/encode.js';

/** A row of the model's input and what its owner knows it by. */
export interface Row<T> {
  readonly encoding: Encoding;
  readonly owner: T;
}

/**
 * Cuts rows into micro-batches of like lengths: sorted by length, at most `microBatch` to each. Every row is in
 * exactly one. Neighbours in the result are alike too, because a pipeline waits wherever a long micro-batch follows a
 * short one.
 * @param descending longest first: batches that follow one another alternate, so that lengths never jump
 */
export function lengthBuckets<T>(
  rows: readonly Row<T>[],
  microBatch: number,
  descending = false,
): (readonly Row<T>[])[] {
  const sorted = [...rows].sort((a, b) => a.encoding.ids.length - b.encoding.ids.length);
  if (descending) sorted.reverse();
  return Array.from({ length: Math.ceil(sorted.length / microBatch) }, (_, i) =>
    sorted.slice(i * microBatch, (i + 1) * microBatch),
  );
}

/**
 * Rows as a micro-batch `[batch, sequence]`, filled up to the longest of them with `padId` under a mask of 0.
 */
export function batchTensors(encodings: readonly Encoding[], padId: number): Tensor[] {
  const sequence = encodings.reduce((longest, { ids }) => Math.max(longest, ids.length), 0);
  const columns = { input_ids: padId, attention_mask: 0, token_type_ids: 0 };
  const values = (name: string, { ids, attentionMask, typeIds }: Encoding): readonly number[] =>
    name === 'input_ids' ? ids : name === 'attention_mask' ? attentionMask : typeIds;
  return Object.entries(columns).map(([name, padding]) => {
    const data = new Int32Array(encodings.length * sequence).fill(padding);
    encodings.forEach((encoding, at) => data.set(values(name, encoding), at * sequence));
    return { name, dtype: 'int32', shape: [encodings.length, sequence], data };
  });
}

/** What the last stage gave for one row, by the tensors' names; without the batch's dimension and without padding. */
export type RowOutput = ReadonlyMap<string, RowTensor>;

export interface RowTensor {
  readonly shape: readonly number[];
  readonly data: ArrayLike<number>;
}

/**
 * Takes a micro-batch's outputs apart. A second dimension that is the micro-batch's sequence is cut to the row's own
 * length: what was computed at padded positions means nothing.
 */
export function rowOutputs(encodings: readonly Encoding[], tensors: readonly Tensor[]): RowOutput[] {
  const sequence = encodings.reduce((longest, { ids }) => Math.max(longest, ids.length), 0);
  return encodings.map(({ ids }, at) => {
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

/** Tensors with an entry for each token; the other heads' outputs are `[batch, labels]`. */
function isPerToken(name: string, shape: readonly number[]): boolean {
  return shape.length >= 3 || ['start_logits', 'end_logits', 'attention_mask'].includes(name);
}
