import type { BertConfig, BertHead, BertSlice } from './bert-config.js';
import { sliceWeightBytes } from './bert-tensors.js';

/** Which IPU each block of a BERT model sits on. */
export interface BertPlacement {
  readonly embedding: number;
  /** `encoder[l]` is the IPU of layer l. */
  readonly encoder: readonly number[];
  readonly head: number;
}

/** One stage of a pipeline: what it computes, where, and how large it is. */
export interface BertStage {
  readonly ipu: number;
  readonly slice: BertSlice;
  /** `embedding, layers 0–2`. */
  readonly name: string;
  readonly weightBytes: number;
}

/**
 * Cuts a model into stages: consecutive blocks on one IPU are one stage, an IPU without blocks has none, and a
 * head on another IPU than the last layer is a stage of its own.
 */
export function planStages(config: BertConfig, placement: BertPlacement, head: BertHead | null): BertStage[] {
  const blocks: { ipu: number; slice: BertSlice }[] = [
    { ipu: placement.embedding, slice: { embedding: true, firstLayer: 0, endLayer: 0, head: null } },
    ...placement.encoder.map((ipu, layer) => ({
      ipu,
      slice: { embedding: false, firstLayer: layer, endLayer: layer + 1, head: null },
    })),
  ];
  const layers = placement.encoder.length;
  if (head)
    blocks.push({
      ipu: placement.head,
      slice: { embedding: false, firstLayer: layers, endLayer: layers, head },
    });
  const merged: { ipu: number; slice: BertSlice }[] = [];
  for (const block of blocks) {
    const last = merged.at(-1);
    if (last?.ipu === block.ipu)
      last.slice = { ...last.slice, endLayer: block.slice.endLayer, head: block.slice.head };
    else merged.push(block);
  }
  return merged.map(({ ipu, slice }) => ({
    ipu,
    slice,
    name: sliceName(slice),
    weightBytes: sliceWeightBytes(config, slice),
  }));
}

export function sliceName({ embedding, firstLayer, endLayer, head }: BertSlice): string {
  const parts = [];
  if (embedding) parts.push('embedding');
  if (endLayer - firstLayer === 1) parts.push(`layer ${firstLayer}`);
  if (endLayer - firstLayer > 1) parts.push(`layers ${firstLayer}–${endLayer - 1}`);
  if (head) parts.push(head === 'pooler' ? 'pooler' : `${head} head`);
  return parts.join(', ');
}

/** Upper bound of the bytes that a slice hands on, for a micro-batch `[batch, sequence]`. */
export function sliceOutputBytes(
  config: BertConfig,
  slice: BertSlice,
  { batch, sequence }: { batch: number; sequence: number },
): number {
  const rows = batch * sequence;
  const hidden = 4 * rows * config.hiddenSize;
  if (!slice.head) return hidden + 4 * rows;
  const perHead: Record<BertHead, number> = {
    'question-answering': 8 * rows,
    'sequence-classification': 4 * batch * config.numLabels,
    'token-classification': 4 * rows * config.numLabels,
    'multiple-choice': 4 * batch,
    'masked-lm': 4 * rows * config.vocabSize,
    'pre-training': 4 * rows * config.vocabSize + 8 * batch,
    'next-sentence-prediction': 8 * batch,
    pooler: hidden + 4 * batch * config.hiddenSize,
  };
  return perHead[slice.head];
}
