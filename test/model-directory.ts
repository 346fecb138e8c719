import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readModelConfig, type ModelConfig, type ModelHead } from 'ipu-pipeline/models';
import { headTensors, sliceTensors, GeneratedWeights } from 'ipu-pipeline/internals';

/** A small question-answering model: everything that a test may want to break is here. */
export const PIECES = [
  ...['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', '.', ',', '?', 'a', 'b', '##a', '##b'],
  ...['the', 'red', 'fox', 'dog', 'jumps', 'over', 'who', 'lazy', 'sleeps', 'where', 'and', 'then'],
];

const CONFIG_JSON = {
  architectures: ['BertForQuestionAnswering'],
  model_type: 'bert',
  hidden_size: 16,
  num_hidden_layers: 4,
  num_attention_heads: 2,
  intermediate_size: 32,
  vocab_size: PIECES.length,
  max_position_embeddings: 24,
  type_vocab_size: 2,
};

export interface WrittenModel {
  readonly config?: Record<string, unknown>;
  readonly pieces?: readonly string[];
  /** Changes the tensors before they are written. */
  readonly change?: (tensors: Map<string, { shape: number[]; data: Float32Array }>) => void;
}

/** Writes a Hugging Face directory with generated weights; gives its path. */
export async function writeModel({
  config = {},
  pieces = PIECES,
  change,
}: WrittenModel = {}): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'ipu-pipeline-model-'));
  const json = { ...CONFIG_JSON, ...config };
  await writeFile(join(directory, 'config.json'), JSON.stringify(json));
  await writeFile(join(directory, 'vocab.txt'), pieces.map((piece) => `${piece}\n`).join(''));
  const read = readModelConfig('config.json', JSON.stringify(json));
  const tensors = await modelTensors(read.config, read.head ?? 'question-answering');
  change?.(tensors);
  await writeFile(join(directory, 'model.safetensors'), safetensors(tensors));
  return directory;
}

async function modelTensors(
  config: ModelConfig,
  head: ModelHead,
): Promise<Map<string, { shape: number[]; data: Float32Array }>> {
  const whole = { embedding: true, firstLayer: 0, endLayer: config.numHiddenLayers, head: null };
  const weights = new GeneratedWeights(7);
  const tensors = new Map<string, { shape: number[]; data: Float32Array }>();
  for (const { name, shape } of [...sliceTensors(config, whole), ...headTensors(config, head)]) {
    tensors.set(name, { shape: [...shape], data: await weights.tensor(name, shape) });
  }
  return tensors;
}

function safetensors(tensors: Map<string, { shape: number[]; data: Float32Array }>): Buffer {
  const header: Record<string, unknown> = {};
  let end = 0;
  for (const [name, { shape, data }] of tensors) {
    header[name] = { dtype: 'F32', shape, data_offsets: [end, end + data.byteLength] };
    end += data.byteLength;
  }
  const text = Buffer.from(JSON.stringify(header));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const body = [...tensors.values()].map(({ data }) =>
    Buffer.from(data.buffer, data.byteOffset, data.byteLength),
  );
  return Buffer.concat([length, text, ...body]);
}
