import type { Tensor } from '../../ipu-config/base/tensor.js';
import passages from './passages.json' with { type: 'json' };

/** The part of a tokenizer that the workload needs. */
export interface WorkloadTokenizer {
  /** Pieces of a text, without special tokens. */
  pieces(text: string): readonly number[];
  readonly clsId: number;
  readonly sepId: number;
}

export interface WorkloadShape {
  readonly microBatch: number;
  readonly sequenceLength: number;
}

/**
 * Questions and passages as BERT reads them, `[CLS] question [SEP] text [SEP]`; other families are given the same
 * rows. Every row is filled to the full sequence length, so that tokens per second count real tokens and no padding.
 * Micro-batch i is the same in every run.
 */
export class Workload {
  readonly #questions: readonly (readonly number[])[];
  readonly #text: readonly number[];
  readonly #tokenizer: WorkloadTokenizer;
  readonly #shape: WorkloadShape;
  readonly #inputs: readonly string[];

  /** @param inputs the tensors that the model takes of each row (`rowInputs`) */
  constructor(tokenizer: WorkloadTokenizer, shape: WorkloadShape, inputs: readonly string[]) {
    this.#inputs = inputs;
    this.#tokenizer = tokenizer;
    this.#shape = shape;
    this.#questions = passages.passages.map(({ question }) => tokenizer.pieces(question));
    this.#text = passages.passages.flatMap(({ text }) => tokenizer.pieces(text));
  }

  /** Inputs of micro-batch `i`, of `input_ids`, `attention_mask`, `token_type_ids`: int32 `[batch, sequence]`. */
  microBatch(i: number): Tensor[] {
    const { microBatch, sequenceLength } = this.#shape;
    const shape = [microBatch, sequenceLength];
    const ids = new Int32Array(microBatch * sequenceLength);
    const types = new Int32Array(microBatch * sequenceLength);
    for (let row = 0; row < microBatch; row++) {
      const from = row * sequenceLength;
      this.#fillRow(i * microBatch + row, ids.subarray(from, from + sequenceLength), types.subarray(from));
    }
    const columns = {
      input_ids: ids,
      attention_mask: new Int32Array(ids.length).fill(1),
      token_type_ids: types,
    };
    return Object.entries(columns)
      .filter(([name]) => this.#inputs.includes(name))
      .map(([name, data]) => ({ name, dtype: 'int32', shape, data }));
  }

  *microBatches(count: number): Generator<Tensor[]> {
    for (let i = 0; i < count; i++) yield this.microBatch(i);
  }

  #fillRow(sequence: number, ids: Int32Array, types: Int32Array): void {
    const { clsId, sepId } = this.#tokenizer;
    // A row shorter than three pieces has no room for both texts; it gets what fits.
    const question = this.#questions[sequence % this.#questions.length]!.slice(
      0,
      Math.max(0, ids.length - 3),
    );
    const head = [clsId, ...question, sepId];
    // Each sequence begins somewhere else in the text, so that no two rows of a run are equal.
    const start = (sequence * 97) % this.#text.length;
    for (let at = 0; at < ids.length; at++) {
      const inText = at - head.length;
      ids[at] = inText < 0 ? head[at]! : this.#text[(start + inText) % this.#text.length]!;
      types[at] = inText < 0 ? 0 : 1;
    }
    if (ids.length > head.length) ids[ids.length - 1] = sepId;
  }
}
