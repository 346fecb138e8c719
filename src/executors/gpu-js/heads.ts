import type { Tensor } from '../../../ipu-config/base/tensor.js';
import type { BertConfig, BertHead } from '../../models/bert/bert-config.js';
import type { DeviceWeights, Parameters } from './device-weights.js';
import type { ComputeDevice, DeviceArray } from './device.js';
import type { MicroBatch, StageKernels } from './stage-kernels.js';

/** What heads are made of; each has some of it. */
export interface HeadParameters {
  readonly pooler?: Parameters;
  /** `qa_outputs`, `classifier` or `cls.seq_relationship`. */
  readonly classifier?: Parameters;
  readonly predictions?: {
    readonly transform: Parameters;
    readonly norm: Parameters;
    /** Tied to the word embeddings. */
    readonly decoder: Parameters;
  };
}

interface HeadContext {
  readonly config: BertConfig;
  readonly device: ComputeDevice;
  readonly kernels: StageKernels;
}

type RunHead = (
  context: HeadContext,
  parameters: HeadParameters,
  hidden: DeviceArray,
  micro: MicroBatch,
) => Promise<Tensor[]>;

/** Which of a head's parts a model has, by the names of its layers. */
const PARTS: Record<BertHead, { pooler?: true; classifier?: string; predictions?: true }> = {
  'question-answering': { classifier: 'qa_outputs' },
  'sequence-classification': { pooler: true, classifier: 'classifier' },
  'token-classification': { classifier: 'classifier' },
  'multiple-choice': { pooler: true, classifier: 'classifier' },
  'masked-lm': { predictions: true },
  'pre-training': { predictions: true, pooler: true, classifier: 'cls.seq_relationship' },
  'next-sentence-prediction': { pooler: true, classifier: 'cls.seq_relationship' },
  pooler: { pooler: true },
};

export async function prepareHead(head: BertHead, weights: DeviceWeights): Promise<HeadParameters> {
  const { pooler, classifier, predictions } = PARTS[head];
  const at = 'cls.predictions';
  return {
    ...(pooler ? { pooler: await weights.linear('bert.pooler.dense') } : {}),
    ...(classifier !== undefined ? { classifier: await weights.linear(classifier) } : {}),
    ...(predictions
      ? {
          predictions: {
            transform: await weights.linear(`${at}.transform.dense`),
            norm: await weights.norm(`${at}.transform.LayerNorm`),
            decoder: {
              weight: await weights.panels('bert.embeddings.word_embeddings.weight'),
              bias: await weights.array(`${at}.bias`),
            },
          },
        }
      : {}),
  };
}

/** How each head continues from the last hidden state `[rows, hidden]`; outputs carry upstream's names. */
export const HEADS: Record<BertHead, RunHead> = {
  'question-answering': async (context, parameters, hidden, { batch, sequence }) => {
    const logits = await tokenLogits(context, parameters, hidden, { rows: batch * sequence, labels: 2 });
    const values = await context.device.read(logits, 2 * batch * sequence);
    return ['start_logits', 'end_logits'].map((name, column) =>
      tensor(
        name,
        [batch, sequence],
        values.filter((_, at) => at % 2 === column),
      ),
    );
  },
  'sequence-classification': (context, ...rest) => classify(context, context.config.numLabels, ...rest),
  'multiple-choice': (context, ...rest) => classify(context, 1, ...rest),
  'next-sentence-prediction': (context, ...rest) => classify(context, 2, ...rest),
  'token-classification': async (context, parameters, hidden, { batch, sequence }) => {
    const labels = context.config.numLabels;
    const rows = batch * sequence;
    const logits = await tokenLogits(context, parameters, hidden, { rows, labels });
    const values = await context.device.read(logits, rows * labels);
    return [tensor('logits', [batch, sequence, labels], values)];
  },
  'masked-lm': async (context, parameters, hidden, { batch, sequence }) => {
    const { vocabSize } = context.config;
    const rows = batch * sequence;
    const logits = await predictions(context, parameters, hidden, rows);
    const values = await context.device.read(logits, rows * vocabSize);
    return [tensor('logits', [batch, sequence, vocabSize], values)];
  },
  'pre-training': async (context, parameters, hidden, micro) => {
    const { batch, sequence } = micro;
    const { vocabSize } = context.config;
    const words = await predictions(context, parameters, hidden, batch * sequence);
    const sentences = await pooledLogits(context, 2, parameters, hidden, micro);
    const [prediction, relationship] = await readBoth(
      context,
      { array: words, length: batch * sequence * vocabSize },
      { array: sentences, length: batch * 2 },
    );
    return [
      tensor('prediction_logits', [batch, sequence, vocabSize], prediction),
      tensor('seq_relationship_logits', [batch, 2], relationship),
    ];
  },
  pooler: async (context, parameters, hidden, micro) => {
    const { batch, sequence } = micro;
    const { hiddenSize } = context.config;
    const [states, first] = await readBoth(
      context,
      { array: hidden, length: batch * sequence * hiddenSize },
      { array: await pooled(context, parameters, hidden, micro), length: batch * hiddenSize },
    );
    return [
      tensor('last_hidden_state', [batch, sequence, hiddenSize], states),
      tensor('pooler_output', [batch, hiddenSize], first),
    ];
  },
};

function tensor(name: string, shape: readonly number[], data: Float32Array): Tensor {
  return { name, dtype: 'float32', shape, data };
}

async function classify(
  context: HeadContext,
  labels: number,
  parameters: HeadParameters,
  hidden: DeviceArray,
  micro: MicroBatch,
): Promise<Tensor[]> {
  const logits = await pooledLogits(context, labels, parameters, hidden, micro);
  const values = await context.device.read(logits, micro.batch * labels);
  return [tensor('logits', [micro.batch, labels], values)];
}

/** `[rows, labels]`. */
function tokenLogits(
  { config, kernels }: HeadContext,
  { classifier }: HeadParameters,
  hidden: DeviceArray,
  { rows, labels }: { rows: number; labels: number },
): Promise<DeviceArray> {
  const sizes = { rows, inputs: config.hiddenSize, outputs: labels, activation: 'none' } as const;
  return kernels.dense('classifier', hidden, classifier!, sizes);
}

/** `[batch, labels]`. */
async function pooledLogits(
  context: HeadContext,
  labels: number,
  parameters: HeadParameters,
  hidden: DeviceArray,
  micro: MicroBatch,
): Promise<DeviceArray> {
  const first = await pooled(context, parameters, hidden, micro);
  return tokenLogits(context, parameters, first, { rows: micro.batch, labels });
}

/** tanh of a linear layer over the first position, `[batch, hidden]`. */
async function pooled(
  { config: { hiddenSize }, kernels }: HeadContext,
  { pooler }: HeadParameters,
  hidden: DeviceArray,
  micro: MicroBatch,
): Promise<DeviceArray> {
  const first = await kernels.firstPositions(hidden, micro);
  const sizes = { rows: micro.batch, inputs: hiddenSize, outputs: hiddenSize, activation: 'tanh' } as const;
  return kernels.dense('pooler', first, pooler!, sizes);
}

/** Masked-LM scores, `[rows, vocabulary]`. */
async function predictions(
  { config, kernels }: HeadContext,
  { predictions: parts }: HeadParameters,
  hidden: DeviceArray,
  rows: number,
): Promise<DeviceArray> {
  const { transform, norm, decoder } = parts!;
  const { hiddenSize: inputs, hiddenAct: activation, vocabSize: outputs } = config;
  const wide = await kernels.dense('transform', hidden, transform, {
    rows,
    inputs,
    outputs: inputs,
    activation,
  });
  const transformed = await kernels.norm('transform', wide, norm, rows);
  return kernels.dense('decoder', transformed, decoder, { rows, inputs, outputs, activation: 'none' });
}

interface Part {
  readonly array: DeviceArray;
  readonly length: number;
}

async function readBoth(
  { device, kernels }: HeadContext,
  first: Part,
  second: Part,
): Promise<[Float32Array, Float32Array]> {
  const joined = await kernels.join(first.array, second.array, [first.length, second.length]);
  const values = await device.read(joined, first.length + second.length);
  return [values.slice(0, first.length), values.slice(first.length)];
}
