import type { BertPlacement } from './bert-placement.js';
import type { BertConfig, BertHead, BertSlice } from './bert-config.js';
import { sliceWeightBytes } from './bert-tensors.js';

/** One stage of a pipeline: what it computes, where, and how large it is. */
export interface BertStage {
  readonly ipu: number;
  readonly slice: BertSlice;
  /** `embedding, layers 0–2`. */
  readonly name: string;
  /** In float32. */
  readonly weightBytes: number;
}

/** The slices of a model that a placement puts on its stages, in the order of the pipeline. */
export function planStages(config: BertConfig, placement: BertPlacement): BertStage[] {
  return placement.stages.map(({ ipu, embedding, layers, head }) =>
    stage(config, ipu, { embedding, firstLayer: layers[0], endLayer: layers[1], head }),
  );
}

/** The whole model on one device. */
export function oneDevice(config: BertConfig, head: BertHead | null): BertStage[] {
  return [stage(config, 0, { embedding: true, firstLayer: 0, endLayer: config.numHiddenLayers, head })];
}

function stage(config: BertConfig, ipu: number, slice: BertSlice): BertStage {
  return { ipu, slice, name: sliceName(slice), weightBytes: sliceWeightBytes(config, slice) };
}

function sliceName({ embedding, firstLayer, endLayer, head }: BertSlice): string {
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
