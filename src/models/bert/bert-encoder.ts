import type { TensorSpec } from '../../../ipu-config/base/tensor-spec.js';
import type { ModelConfig } from '../model-config.js';
import { linearAt, normAt, type ProgramBuilder } from '../program-builder.js';
import type { Value } from '../steps.js';

/** What the sizes of the steps come from. */
export type BertSizes = Pick<
  ModelConfig,
  | 'hiddenSize'
  | 'numAttentionHeads'
  | 'intermediateSize'
  | 'vocabSize'
  | 'maxPositionEmbeddings'
  | 'typeVocabSize'
  | 'layerNormEps'
  | 'hiddenAct'
  | 'numLabels'
>;

/** The word embeddings, which a masked-LM head is tied to. */
export function wordTable({ vocabSize, hiddenSize }: BertSizes): TensorSpec {
  return { name: 'bert.embeddings.word_embeddings.weight', shape: [vocabSize, hiddenSize] };
}

export function bertEmbedding(steps: ProgramBuilder, config: BertSizes): Value {
  const { typeVocabSize, maxPositionEmbeddings, hiddenSize, layerNormEps } = config;
  const table = (name: string, rows: number): TensorSpec => ({
    name: `bert.embeddings.${name}.weight`,
    shape: [rows, hiddenSize],
  });
  const sum = steps.embed('embedding', [
    { table: wordTable(config), rows: { by: 'ids', input: 'input_ids' } },
    { table: table('token_type_embeddings', typeVocabSize), rows: { by: 'ids', input: 'token_type_ids' } },
    { table: table('position_embeddings', maxPositionEmbeddings), rows: { by: 'place' } },
  ]);
  return steps.norm(
    'embedding norm',
    sum,
    normAt('bert.embeddings.LayerNorm', hiddenSize, layerNormEps),
    true,
  );
}

/** The first half of a layer. */
export function bertAttention(steps: ProgramBuilder, config: BertSizes, layer: number, hidden: Value): Value {
  const { hiddenSize, numAttentionHeads, layerNormEps } = config;
  const at = `bert.encoder.layer.${layer}.attention`;
  const context = steps.attend('attention', hidden, numAttentionHeads, [
    `${at}.self.query`,
    `${at}.self.key`,
    `${at}.self.value`,
  ]);
  return steps.addNorm('attention output', context, hidden, {
    linear: linearAt(`${at}.output.dense`, hiddenSize, hiddenSize),
    norm: normAt(`${at}.output.LayerNorm`, hiddenSize, layerNormEps),
  });
}

/** The second half. */
export function bertFeedForward(
  steps: ProgramBuilder,
  config: BertSizes,
  layer: number,
  hidden: Value,
): Value {
  const { hiddenSize, intermediateSize, hiddenAct, layerNormEps } = config;
  const at = `bert.encoder.layer.${layer}`;
  const wide = linearAt(`${at}.intermediate.dense`, intermediateSize, hiddenSize);
  return steps.addNorm('output', steps.linear('intermediate', hidden, wide, hiddenAct), hidden, {
    linear: linearAt(`${at}.output.dense`, hiddenSize, intermediateSize),
    norm: normAt(`${at}.output.LayerNorm`, hiddenSize, layerNormEps),
    boundary: true,
  });
}
