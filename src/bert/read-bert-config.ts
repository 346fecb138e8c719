import * as v from 'valibot';
import { CheckpointError } from '../checkpoint/checkpoint-error.js';
import type { BertConfig, BertHead } from './bert-config.js';

const positive = v.pipe(v.number(), v.integer(), v.minValue(1));

/** Keys that the program needs, with the defaults of transformers' BertConfig. */
const schema = v.object({
  model_type: v.optional(v.string(), 'bert'),
  hidden_size: v.optional(positive, 768),
  num_hidden_layers: v.optional(positive, 12),
  num_attention_heads: v.optional(positive, 12),
  intermediate_size: v.optional(positive, 3072),
  vocab_size: v.optional(positive, 30522),
  max_position_embeddings: v.optional(positive, 512),
  type_vocab_size: v.optional(positive, 2),
  layer_norm_eps: v.optional(v.pipe(v.number(), v.minValue(0)), 1e-12),
  hidden_act: v.optional(v.string(), 'gelu'),
  position_embedding_type: v.optional(v.nullable(v.string()), 'absolute'),
  is_decoder: v.optional(v.boolean(), false),
  num_labels: v.optional(positive),
  id2label: v.optional(v.nullable(v.record(v.string(), v.string()))),
  architectures: v.optional(v.nullable(v.array(v.string()))),
});

const ACTIVATIONS: Readonly<Record<string, BertConfig['hiddenAct']>> = {
  gelu: 'gelu',
  gelu_new: 'gelu_new',
  gelu_pytorch_tanh: 'gelu_new',
  relu: 'relu',
};

const HEAD_OF_ARCHITECTURE: Readonly<Record<string, BertHead>> = {
  BertModel: 'pooler',
  BertForQuestionAnswering: 'question-answering',
  BertForSequenceClassification: 'sequence-classification',
  BertForTokenClassification: 'token-classification',
  BertForMultipleChoice: 'multiple-choice',
  BertForMaskedLM: 'masked-lm',
  BertForPreTraining: 'pre-training',
  BertForNextSentencePrediction: 'next-sentence-prediction',
};

export interface ReadBertConfig {
  readonly config: BertConfig;
  /** The head that `architectures` names; null when it names none or one that BERT does not have. */
  readonly head: BertHead | null;
}

/**
 * Reads Hugging Face's `config.json`.
 * @param path only for messages.
 * @throws CheckpointError that names the key, its value and what would be right.
 */
export function readBertConfig(path: string, text: string): ReadBertConfig {
  const parsed = v.safeParse(schema, parseJson(path, text));
  if (!parsed.success) {
    const issue = parsed.issues[0];
    throw new CheckpointError(`${path}: ${v.getDotPath(issue) ?? 'the file'} is wrong: ${issue.message}.`);
  }
  const raw = parsed.output;
  const refuse = (message: string): never => {
    throw new CheckpointError(`${path}: ${message}`);
  };
  if (raw.model_type !== 'bert')
    refuse(`model_type is "${raw.model_type}"; this program runs "bert" models.`);
  if (raw.is_decoder) refuse('is_decoder is true; this program runs BERT encoders.');
  if (raw.position_embedding_type && raw.position_embedding_type !== 'absolute') {
    refuse(`position_embedding_type is "${raw.position_embedding_type}"; only "absolute" can be run.`);
  }
  if (raw.hidden_size % raw.num_attention_heads !== 0) {
    refuse(
      `hidden_size ${raw.hidden_size} is no multiple of num_attention_heads ${raw.num_attention_heads}.`,
    );
  }
  const hiddenAct =
    ACTIVATIONS[raw.hidden_act] ??
    refuse(`hidden_act is "${raw.hidden_act}"; it can be ${Object.keys(ACTIVATIONS).join(', ')}.`);
  const id2label = raw.id2label ? labels(path, raw.id2label) : defaultLabels(raw.num_labels ?? 2);
  return {
    config: {
      hiddenSize: raw.hidden_size,
      numHiddenLayers: raw.num_hidden_layers,
      numAttentionHeads: raw.num_attention_heads,
      intermediateSize: raw.intermediate_size,
      vocabSize: raw.vocab_size,
      maxPositionEmbeddings: raw.max_position_embeddings,
      typeVocabSize: raw.type_vocab_size,
      layerNormEps: raw.layer_norm_eps,
      hiddenAct,
      numLabels: Object.keys(id2label).length,
      id2label,
    },
    head: HEAD_OF_ARCHITECTURE[raw.architectures?.[0] ?? ''] ?? null,
  };
}

function parseJson(path: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new CheckpointError(`${path} is not JSON: ${(error as Error).message}.`, { cause: error });
  }
}

/** transformers counts the labels of `id2label`, whatever `num_labels` says. */
function labels(path: string, id2label: Record<string, string>): Record<number, string> {
  const ids = Object.keys(id2label).map(Number);
  if (ids.some((id) => !Number.isInteger(id) || id < 0 || id >= ids.length)) {
    throw new CheckpointError(
      `${path}: id2label has the keys ${Object.keys(id2label).join(', ')}; they must be 0 … ${ids.length - 1}.`,
    );
  }
  return Object.fromEntries(Object.entries(id2label).map(([id, label]) => [Number(id), label]));
}

function defaultLabels(count: number): Record<number, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, id) => [id, `LABEL_${id}`]));
}
