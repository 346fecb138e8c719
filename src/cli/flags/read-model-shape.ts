import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../../ipu-config/base/errors.js';
import { parseJson } from '../../../ipu-config/parse-json.js';
import { isDict, type PythonDict } from '../../../ipu-config/python-value.js';
import type { Head, ModelShape } from '../../hardware/model-shape.js';
import { publishedModel, PUBLISHED_MODELS } from '../../hardware/published-models.js';
import { readText } from './config-source.js';

/** Ends of Hugging Face's class names. */
const HEAD_OF_CLASS: readonly (readonly [RegExp, Head])[] = [
  [/ForQuestionAnswering$/, 'question-answering'],
  [/ForSequenceClassification$/, 'sequence-classification'],
  [/ForTokenClassification$/, 'token-classification'],
  [/ForMultipleChoice$/, 'multiple-choice'],
  [/ForNextSentencePrediction$/, 'next-sentence-prediction'],
  [/ForPreTraining$/, 'pretraining'],
  [/ForMaskedLM$/, 'masked-lm'],
  [/(LMHeadModel|ForCausalLM)$/, 'causal-lm'],
  [/Model$/, 'pooler'],
];

/**
 * The sizes of a model: a published name, a Hugging Face directory or its `config.json`. Weights are not read.
 * @throws InputError that says what there is, or which key of config.json is missing
 */
export async function readModelShape(source: string, head?: Head): Promise<ModelShape> {
  const found = await stat(source).catch(() => undefined);
  if (!found) {
    const published = publishedModel(source, head);
    if (published) return published;
    throw new InputError(
      `There is no model ${source}: give a directory with a config.json, that file, or one of ${PUBLISHED_MODELS.join(', ')}.`,
    );
  }
  const file = found.isDirectory() ? join(source, 'config.json') : source;
  const { value } = parseJson(await readText(file), file);
  if (!isDict(value)) throw new InputError(`${file} does not hold a JSON object.`);
  return shapeOf(value, file, source, head);
}

function shapeOf(config: PythonDict, file: string, name: string, head: Head | undefined): ModelShape {
  const size = (...keys: string[]): number => {
    const value = optionalSize(...keys);
    if (value !== undefined) return value;
    throw new InputError(`${file} has no whole number ${keys.join(' or ')}.`);
  };
  const optionalSize = (...keys: string[]): number | undefined => {
    const found = keys.map((key) => config.get(key)).find((value) => value !== undefined && value !== null);
    if (found === undefined) return undefined;
    const value = Number(found);
    if (Number.isSafeInteger(value) && value >= 1) return value;
    throw new InputError(`${file}: ${keys.join(' or ')} must be a whole number from 1.`);
  };
  const hiddenSize = size('hidden_size', 'n_embd');
  return {
    name,
    hiddenSize,
    layers: size('num_hidden_layers', 'n_layer'),
    attentionHeads: size('num_attention_heads', 'n_head'),
    intermediateSize: optionalSize('intermediate_size', 'n_inner') ?? 4 * hiddenSize,
    vocabSize: size('vocab_size'),
    maxPositions: optionalSize('max_position_embeddings', 'n_positions') ?? 512,
    head: head ?? headOf(config.get('architectures')) ?? 'none',
    labels: optionalSize('num_labels') ?? 2,
  };
}

function headOf(architectures: unknown): Head | undefined {
  const [first] = Array.isArray(architectures) ? (architectures as unknown[]) : [];
  if (typeof first !== 'string') return undefined;
  return HEAD_OF_CLASS.find(([pattern]) => pattern.test(first))?.[1];
}
