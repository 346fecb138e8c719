import * as v from 'valibot';
import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { brief } from '../../ipu-config/base/json-text.js';
import { headOfClass, type Family } from './family.js';
import type { ModelHead, ModelConfig } from './model-config.js';

/** Sizes that no tensor of 32-bit indices exceeds; more layers than any model has would only fill tables. */
const MAX_SIZE = 2 ** 31 - 1;
const MAX_LAYERS = 1000;

const count = (max: number) => v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(max));

/** A list is a record to valibot. */
const object = v.custom<Record<string, unknown>>((value) => !Array.isArray(value));

/** Keys that the program needs, as BERT's files call them; those that a file lacks have the defaults of BERT's. */
const schema = v.object({
  model_type: v.optional(v.string()),
  hidden_size: v.optional(count(MAX_SIZE), 768),
  num_hidden_layers: v.optional(count(MAX_LAYERS), 12),
  num_attention_heads: v.optional(count(MAX_SIZE), 12),
  intermediate_size: v.optional(count(MAX_SIZE), 3072),
  vocab_size: v.optional(count(MAX_SIZE), 30522),
  max_position_embeddings: v.optional(count(MAX_SIZE), 512),
  type_vocab_size: v.optional(count(MAX_SIZE), 2),
  layer_norm_eps: v.optional(v.pipe(v.number(), v.minValue(0)), 1e-12),
  hidden_act: v.optional(v.string(), 'gelu'),
  position_embedding_type: v.optional(v.nullable(v.string()), 'absolute'),
  is_decoder: v.optional(v.nullable(v.boolean())),
  add_cross_attention: v.optional(v.nullable(v.boolean())),
  tie_word_embeddings: v.optional(v.nullable(v.boolean())),
  pruned_heads: v.optional(v.nullable(v.pipe(object, v.record(v.string(), v.unknown())))),
  quantization_config: v.optional(v.unknown()),
  num_labels: v.optional(v.nullable(count(MAX_SIZE))),
  id2label: v.optional(v.nullable(v.pipe(object, v.record(v.string(), v.union([v.string(), v.number()]))))),
  problem_type: v.optional(
    v.nullable(v.picklist(['regression', 'single_label_classification', 'multi_label_classification'])),
  ),
  architectures: v.optional(v.nullable(v.array(v.string()))),
  // What cross-encoders of sentence-transformers put on their scores, in its older and its newer way.
  sbert_ce_default_activation_function: v.optional(v.nullable(v.string())),
  sentence_transformers: v.optional(
    v.nullable(v.object({ activation_fn: v.optional(v.nullable(v.string())) })),
  ),
});
type RawConfig = v.InferOutput<typeof schema>;

/** What would be right, for messages; every other key is a whole number from 1. */
const RIGHT: Readonly<Record<string, string>> = {
  num_hidden_layers: `a whole number from 1 to ${MAX_LAYERS}`,
  layer_norm_eps: 'a number from 0',
  hidden_act: 'the name of an activation such as "gelu"',
  position_embedding_type: '"absolute"',
  is_decoder: 'true or false',
  add_cross_attention: 'true or false',
  tie_word_embeddings: 'true or false',
  pruned_heads: 'an object',
  id2label: 'an object that gives each label id its name',
  problem_type: '"regression", "single_label_classification" or "multi_label_classification"',
  architectures: 'a list of class names',
  sbert_ce_default_activation_function: 'the name of a class',
  sentence_transformers: 'an object',
};

/** transformers' names; those of one line are one function, written in different ways. */
const ACTIVATIONS: Readonly<Record<string, ModelConfig['hiddenAct']>> = {
  ...{ gelu: 'gelu', gelu_python: 'gelu' },
  ...{ gelu_new: 'gelu_new', gelu_pytorch_tanh: 'gelu_new', gelu_fast: 'gelu_new' },
  relu: 'relu',
};

/** How the files of a family differ from BERT's. */
export interface ConfigRules {
  /** Its own keys for what BERT's files call otherwise; null for what its files do not say: then the default counts. */
  readonly keys?: Readonly<Record<string, string | null>>;
  /** Its own defaults, by BERT's keys. */
  readonly defaults?: Readonly<Record<string, unknown>>;
}

type Described = Pick<Family, 'modelTypes' | 'classes' | 'heads' | 'tokenTypes'>;

/** Reads the `config.json` of encoders of BERT's kind: see `Family.readConfig`. */
export function encoderConfigReader(family: Described, rules: ConfigRules = {}): Family['readConfig'] {
  const { keys = {}, defaults = {} } = rules;
  const ownKey = (key: string): string => keys[key] ?? key;
  return (path, json) => {
    const parsed = v.safeParse(schema, inBertsWords(json, keys, defaults));
    if (!parsed.success) throw wrongKey(path, json, parsed.issues[0], ownKey);
    const raw = parsed.output;
    const [architecture] = raw.architectures ?? [];
    // The architecture describes; the type and the weights decide.
    const head = architecture === undefined ? null : headOfClass(architecture, family);
    const fault = unsupported(raw, head, ownKey);
    if (fault !== undefined) throw new CheckpointError(`${path}: ${fault}`);
    return { config: modelConfig(path, raw, family), head };
  };
}

/** A file that is no object stays what it is. */
function inBertsWords(
  json: unknown,
  keys: NonNullable<ConfigRules['keys']>,
  defaults: NonNullable<ConfigRules['defaults']>,
): unknown {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) return null;
  const given = json as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.keys(schema.entries).map((key) => {
      const own = keys[key] === undefined ? key : keys[key];
      const value = own === null ? undefined : given[own];
      return [key, value === undefined ? defaults[key] : value];
    }),
  );
}

function modelConfig(path: string, raw: RawConfig, { modelTypes, tokenTypes }: Described): ModelConfig {
  const activation = raw.sentence_transformers?.activation_fn ?? raw.sbert_ce_default_activation_function;
  const id2label = raw.id2label ? labels(path, raw.id2label) : defaultLabels(raw.num_labels ?? 2);
  return {
    modelType: raw.model_type ?? modelTypes[0]!,
    hiddenSize: raw.hidden_size,
    numHiddenLayers: raw.num_hidden_layers,
    numAttentionHeads: raw.num_attention_heads,
    intermediateSize: raw.intermediate_size,
    vocabSize: raw.vocab_size,
    maxPositionEmbeddings: raw.max_position_embeddings,
    typeVocabSize: tokenTypes === 'none' ? 0 : raw.type_vocab_size,
    layerNormEps: raw.layer_norm_eps,
    hiddenAct: ACTIVATIONS[raw.hidden_act]!,
    numLabels: Object.keys(id2label).length,
    id2label,
    ...(raw.problem_type ? { problemType: raw.problem_type } : {}),
    ...(activation ? { scoreActivation: activation.split('.').at(-1)! } : {}),
  };
}

function wrongKey(
  path: string,
  json: unknown,
  issue: v.BaseIssue<unknown>,
  ownKey: (key: string) => string,
): CheckpointError {
  const key = v.getDotPath(issue)?.split('.')[0] ?? '';
  if (key === '')
    return new CheckpointError(`${path} is ${brief(json)}; it must be a JSON object of a model's settings.`);
  const found = brief((json as Record<string, unknown>)[ownKey(key)]);
  return new CheckpointError(
    `${path}: ${ownKey(key)} is ${found}; it must be ${RIGHT[key] ?? 'a whole number from 1'}.`,
  );
}

/** What this program would compute wrongly, in words. */
function unsupported(
  raw: RawConfig,
  head: ModelHead | null,
  ownKey: (key: string) => string,
): string | undefined {
  if (raw.is_decoder || raw.add_cross_attention) {
    const key = raw.is_decoder ? 'is_decoder' : 'add_cross_attention';
    return `${key} is true; this program runs encoders.`;
  }
  if (raw.position_embedding_type && raw.position_embedding_type !== 'absolute') {
    return `position_embedding_type is ${brief(raw.position_embedding_type)}; only "absolute" can be run.`;
  }
  if (!Object.hasOwn(ACTIVATIONS, raw.hidden_act)) {
    return `${ownKey('hidden_act')} is ${brief(raw.hidden_act)}; it can be ${Object.keys(ACTIVATIONS).join(', ')}.`;
  }
  if (raw.hidden_size % raw.num_attention_heads !== 0) {
    return `${ownKey('hidden_size')} ${raw.hidden_size} is no multiple of ${ownKey('num_attention_heads')} ${raw.num_attention_heads}.`;
  }
  if (Object.keys(raw.pruned_heads ?? {}).length > 0) {
    return `pruned_heads is ${brief(raw.pruned_heads)}; models with pruned heads cannot be run.`;
  }
  if (raw.quantization_config !== undefined && raw.quantization_config !== null) {
    return 'quantization_config is set; quantized checkpoints cannot be read. Take the model that it was made from.';
  }
  if (raw.tie_word_embeddings === false && (head === 'masked-lm' || head === 'pre-training')) {
    return 'tie_word_embeddings is false; only a decoder that is tied to the word embeddings can be run.';
  }
  return undefined;
}

/** transformers counts the labels of `id2label`, whatever `num_labels` says. */
function labels(path: string, id2label: Record<string, string | number>): Record<number, string> {
  const keys = Object.keys(id2label);
  const ids = new Set(keys.map((key) => (/^\d+$/.test(key) ? Number(key) : NaN)));
  if (keys.length === 0 || ids.size < keys.length || ![...ids].every((id) => id < keys.length)) {
    throw new CheckpointError(
      `${path}: id2label has the keys ${brief(keys)}; they must be 0 … ${Math.max(keys.length - 1, 0)}, each once.`,
    );
  }
  return Object.fromEntries(Object.entries(id2label).map(([id, label]) => [Number(id), String(label)]));
}

function defaultLabels(count: number): Record<number, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, id) => [id, `LABEL_${id}`]));
}
