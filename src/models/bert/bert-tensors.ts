import type { BertConfig, BertHead, BertSlice } from './bert-config.js';

/** A parameter that a slice needs: upstream's full name with the `bert.` prefix, and its shape in PyTorch's layout. */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Names of one linear layer's parameters; the weight is `[out, in]`. */
function linear(name: string, outputs: number, inputs: number): TensorSpec[] {
  return [
    { name: `${name}.weight`, shape: [outputs, inputs] },
    { name: `${name}.bias`, shape: [outputs] },
  ];
}

function layerNorm(name: string, size: number): TensorSpec[] {
  return [
    { name: `${name}.weight`, shape: [size] },
    { name: `${name}.bias`, shape: [size] },
  ];
}

export function embeddingTensors(config: BertConfig): TensorSpec[] {
  const { maxPositionEmbeddings, typeVocabSize, hiddenSize } = config;
  return [
    wordEmbeddings(config),
    { name: 'bert.embeddings.position_embeddings.weight', shape: [maxPositionEmbeddings, hiddenSize] },
    { name: 'bert.embeddings.token_type_embeddings.weight', shape: [typeVocabSize, hiddenSize] },
    ...layerNorm('bert.embeddings.LayerNorm', hiddenSize),
  ];
}

function wordEmbeddings({ vocabSize, hiddenSize }: BertConfig): TensorSpec {
  return { name: 'bert.embeddings.word_embeddings.weight', shape: [vocabSize, hiddenSize] };
}

export function layerTensors({ hiddenSize, intermediateSize }: BertConfig, layer: number): TensorSpec[] {
  const at = `bert.encoder.layer.${layer}`;
  return [
    ...linear(`${at}.attention.self.query`, hiddenSize, hiddenSize),
    ...linear(`${at}.attention.self.key`, hiddenSize, hiddenSize),
    ...linear(`${at}.attention.self.value`, hiddenSize, hiddenSize),
    ...linear(`${at}.attention.output.dense`, hiddenSize, hiddenSize),
    ...layerNorm(`${at}.attention.output.LayerNorm`, hiddenSize),
    ...linear(`${at}.intermediate.dense`, intermediateSize, hiddenSize),
    ...linear(`${at}.output.dense`, hiddenSize, intermediateSize),
    ...layerNorm(`${at}.output.LayerNorm`, hiddenSize),
  ];
}

/** Parameters of each head; the masked-LM decoder is tied to the word embeddings, as upstream ties it. */
const HEAD_TENSORS: Record<BertHead, (config: BertConfig) => TensorSpec[]> = {
  'question-answering': ({ hiddenSize }) => linear('qa_outputs', 2, hiddenSize),
  'sequence-classification': (config) => [
    ...poolerTensors(config),
    ...linear('classifier', config.numLabels, config.hiddenSize),
  ],
  'token-classification': ({ hiddenSize, numLabels }) => linear('classifier', numLabels, hiddenSize),
  'multiple-choice': (config) => [...poolerTensors(config), ...linear('classifier', 1, config.hiddenSize)],
  'masked-lm': maskedLmTensors,
  'pre-training': (config) => [
    ...poolerTensors(config),
    ...maskedLmTensors(config),
    ...linear('cls.seq_relationship', 2, config.hiddenSize),
  ],
  'next-sentence-prediction': (config) => [
    ...poolerTensors(config),
    ...linear('cls.seq_relationship', 2, config.hiddenSize),
  ],
  pooler: poolerTensors,
};

function poolerTensors({ hiddenSize }: BertConfig): TensorSpec[] {
  return linear('bert.pooler.dense', hiddenSize, hiddenSize);
}

function maskedLmTensors(config: BertConfig): TensorSpec[] {
  return [
    ...linear('cls.predictions.transform.dense', config.hiddenSize, config.hiddenSize),
    ...layerNorm('cls.predictions.transform.LayerNorm', config.hiddenSize),
    wordEmbeddings(config),
    { name: 'cls.predictions.bias', shape: [config.vocabSize] },
  ];
}

export function headTensors(config: BertConfig, head: BertHead): TensorSpec[] {
  return HEAD_TENSORS[head](config);
}

/** Every parameter that a slice reads, in the order of computation, each once. */
export function sliceTensors(config: BertConfig, slice: BertSlice): TensorSpec[] {
  const specs = slice.embedding ? embeddingTensors(config) : [];
  for (let layer = slice.firstLayer; layer < slice.endLayer; layer++)
    specs.push(...layerTensors(config, layer));
  if (slice.head) specs.push(...headTensors(config, slice.head));
  return [...new Map(specs.map((spec) => [spec.name, spec])).values()];
}

/** Bytes of a slice's weights in float32. */
export function sliceWeightBytes(config: BertConfig, slice: BertSlice): number {
  return sliceTensors(config, slice).reduce((sum, { shape }) => sum + 4 * elements(shape), 0);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, d) => product * d, 1);
}
