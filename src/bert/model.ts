import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../ipu-config/errors.js';
import { CheckpointError } from '../checkpoint/checkpoint-error.js';
import { CheckpointWeights } from '../checkpoint/checkpoint-weights.js';
import { GeneratedWeights } from '../checkpoint/generated-weights.js';
import type { BertConfig, BertHead } from './bert-config.js';
import { sliceTensors } from './bert-tensors.js';
import { readBertConfig } from './read-bert-config.js';
import { BERT_SIZES, publishedConfig, type BertSize } from './synthetic-sizes.js';
import type { WeightSource } from './weights.js';

/** Where weights come from, in a form that can be posted to a worker. */
export type WeightSpec =
  | { readonly kind: 'checkpoint'; readonly directory: string }
  | { readonly kind: 'synthetic'; readonly seed: number };

/** A model that is known, but whose weights are not read yet. */
export interface BertModel {
  /** As the user named it. */
  readonly name: string;
  readonly config: BertConfig;
  /** The head that its config.json names; question answering for synthetic models. */
  readonly head: BertHead | null;
  readonly weights: WeightSpec;
  /** The directory with the vocabulary and perhaps an `ipu_config.json`; absent for synthetic models. */
  readonly directory?: string;
}

const SYNTHETIC = /^synthetic:(?:bert-)?(?<size>[a-z]+)(?:\?seed=(?<seed>\d+))?$/;

/**
 * Finds a model: a Hugging Face directory, or `synthetic:bert-large` (`tiny | mini | small | medium | base |
 * large`), whose weights are generated; `?seed=N` gives other weights.
 * @throws InputError or CheckpointError that says what is missing and what would be right.
 */
export async function openModel(name: string): Promise<BertModel> {
  return name.startsWith('synthetic:') ? syntheticModel(name) : modelDirectory(name);
}

/** Opens the weights themselves, in whatever thread needs them. */
export async function openWeights(spec: WeightSpec): Promise<WeightSource> {
  return spec.kind === 'synthetic' ? new GeneratedWeights(spec.seed) : CheckpointWeights.open(spec.directory);
}

/**
 * Checks, from the file's header alone, that every tensor of the model is there with its shape.
 * @throws CheckpointError that lists those that are not.
 */
export async function checkWeights(model: BertModel, head: BertHead | null): Promise<void> {
  if (model.weights.kind === 'synthetic') return;
  const whole = { embedding: true, firstLayer: 0, endLayer: model.config.numHiddenLayers, head };
  const weights = await CheckpointWeights.open(model.weights.directory);
  try {
    weights.check(sliceTensors(model.config, whole));
  } finally {
    await weights.close();
  }
}

function syntheticModel(name: string): BertModel {
  const { size, seed } = SYNTHETIC.exec(name)?.groups ?? {};
  if (!BERT_SIZES.includes(size as BertSize)) {
    throw new InputError(
      `there is no model "${name}". Synthetic models are ${BERT_SIZES.map((s) => `synthetic:bert-${s}`).join(', ')}, ` +
        'each with an optional ?seed=NUMBER.',
    );
  }
  return {
    name,
    config: publishedConfig(size as BertSize),
    head: 'question-answering',
    weights: { kind: 'synthetic', seed: Number(seed ?? 0) },
  };
}

async function modelDirectory(directory: string): Promise<BertModel> {
  const found = await stat(directory).catch(() => undefined);
  if (!found?.isDirectory()) {
    const what = found ? 'is not a directory' : 'does not exist';
    throw new InputError(
      `the model ${directory} ${what}. --model takes a directory with config.json, vocab.txt and model.safetensors, ` +
        `or one of ${BERT_SIZES.map((s) => `synthetic:bert-${s}`).join(', ')}.`,
    );
  }
  const path = join(directory, 'config.json');
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    throw new CheckpointError(`cannot read ${path}: ${(error as Error).message}.`, { cause: error });
  });
  const { config, head } = readBertConfig(path, text);
  return { name: directory, config, head, weights: { kind: 'checkpoint', directory }, directory };
}
