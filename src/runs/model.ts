import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../ipu-config/base/errors.js';
import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { CheckpointWeights } from '../weights/checkpoint-weights.js';
import { GeneratedWeights } from '../weights/generated-weights.js';
import { otherForms } from '../weights/other-forms.js';
import { decodeUtf8, short } from '../../ipu-config/base/json-text.js';
import { reason, systemCode } from '../../ipu-config/base/reason.js';
import type { DownloadOptions } from '../hub/download-model.js';
import { familyOf, headTensors, readModelConfig, sliceTensors } from '../models/families/families.js';
import type { ModelConfig, ModelHead } from '../models/model-config.js';
import { MODEL_SIZES } from '../models/families/model-sizes.js';
import type { Spellings } from '../weights/tensor-names.js';
import type { WeightSource } from '../weights/weights.js';
import { findModelDirectory } from './find-model.js';

/** Where weights come from, in a form that can be posted to a worker. */
export type WeightSpec =
  | { readonly kind: 'checkpoint'; readonly directory: string; readonly spellings: Spellings }
  | { readonly kind: 'synthetic'; readonly seed: number };

/** A model that is known, but whose weights are not read yet. */
export interface BertModel {
  /** As the user named it. */
  readonly name: string;
  readonly config: ModelConfig;
  /**
   * The head that its config.json names; question answering for synthetic models. Null: the plain encoder, when
   * config.json names no head or a pooler that the weights do not have.
   */
  readonly head: ModelHead | null;
  readonly weights: WeightSpec;
  /** The directory with the vocabulary and perhaps an `ipu_config.json`; absent for synthetic models. */
  readonly directory?: string;
}

/** The generator mixes 32 bits; larger seeds would repeat smaller ones. */
const MAX_SEED = 2 ** 32 - 1;
const SYNTHETIC = /^synthetic:(?<size>[a-z-]+)(?:\?seed=(?<seed>\d+))?$/;

/**
 * Finds a model: a Hugging Face directory; `org/name[@revision]` of the Hugging Face hub when there is no such
 * directory, which is downloaded into the hub's cache unless it is there; or `synthetic:bert-large` (`tiny | mini |
 * small | medium | base | large`), whose weights are generated; `?seed=N` gives other weights.
 * @throws InputError or CheckpointError that says what is missing and what would be right; the signal's reason
 */
export async function openModel(name: string, options: DownloadOptions = {}): Promise<BertModel> {
  if (name.startsWith('synthetic:')) return syntheticModel(name);
  return modelDirectory(name, await findModelDirectory(name, syntheticNames(), options));
}

/** Opens the weights themselves, in whatever thread needs them. */
export async function openWeights(spec: WeightSpec): Promise<WeightSource> {
  return spec.kind === 'synthetic'
    ? new GeneratedWeights(spec.seed)
    : CheckpointWeights.open(spec.directory, spec.spellings);
}

/** Told, once, what is done that a user may not expect. */
export type Note = (text: string) => void;

/**
 * Checks, from the files' headers alone, that every tensor of the model is there with its shape.
 * @param onNote told of names that are read in another way than they stand there
 * @returns the tensors of the files that the model with this head does not need
 * @throws CheckpointError that lists those that are missing or wrong, and when the file has more layers than the
 * configuration: a model that lost layers would answer, only wrongly.
 */
export async function checkWeights(
  model: BertModel,
  head: ModelHead | null,
  onNote: Note = () => undefined,
): Promise<string[]> {
  if (model.weights.kind === 'synthetic') return [];
  const { numHiddenLayers } = model.config;
  const specs = sliceTensors(model.config, {
    embedding: true,
    firstLayer: 0,
    endLayer: numHiddenLayers,
    head,
  });
  const weights = await CheckpointWeights.open(model.weights.directory, model.weights.spellings);
  try {
    if (weights.wrapper !== '') {
      onNote(
        `${model.name}: names of tensors are read without "${weights.wrapper}", which all of the encoder begin with.`,
      );
    }
    checkLabels(model, head, weights);
    weights.check(specs);
    const unused = weights.unused(specs);
    const last = Math.max(...unused.map((name) => Number(/\blayer\.(\d+)\./.exec(name)?.[1] ?? -1)));
    if (last >= numHiddenLayers) {
      throw new CheckpointError(
        `${model.name}: the weights have ${last + 1} encoder layers, but num_hidden_layers in config.json is ` +
          `${numHiddenLayers}. Correct it, or remove the layers that are not wanted from the file.`,
      );
    }
    return unused;
  } finally {
    await weights.close();
  }
}

/** A number of labels that config.json and the weights disagree on, in the words of config.json. */
function checkLabels({ name, config }: BertModel, head: ModelHead | null, weights: CheckpointWeights): void {
  if (head !== 'sequence-classification' && head !== 'token-classification') return;
  const last = headTensors(config, head).at(-1)!;
  const found = weights.shape(last.name);
  if (found?.length !== 1 || found[0] === config.numLabels) return;
  throw new CheckpointError(
    `${name}: the weights have ${found[0]} labels (${last.name}), but config.json gives ${config.numLabels}: id2label ` +
      `counts, then num_labels, and 2 where it has neither. Give it an id2label with ${found[0]} labels.`,
  );
}

function syntheticModel(name: string): BertModel {
  const { size = '', seed } = SYNTHETIC.exec(name)?.groups ?? {};
  // BERT's may go without their family's name.
  const config = MODEL_SIZES[size] ?? MODEL_SIZES[`bert-${size}`];
  if (!config || Number(seed ?? 0) > MAX_SEED) {
    throw new InputError(
      `there is no model "${short(name)}". Synthetic models are ${syntheticNames()}, ` +
        `each with an optional ?seed=NUMBER from 0 to ${MAX_SEED}.`,
    );
  }
  return {
    name,
    config,
    head: 'question-answering',
    weights: { kind: 'synthetic', seed: Number(seed ?? 0) },
  };
}

function syntheticNames(): string {
  return Object.keys(MODEL_SIZES)
    .map((size) => `synthetic:${size}`)
    .join(', ');
}

async function modelDirectory(name: string, directory: string): Promise<BertModel> {
  const path = join(directory, 'config.json');
  const bytes = await readFile(path).catch(async (error: unknown) => {
    const what = systemCode(error) === 'ENOENT' ? 'there is no such file' : reason(error);
    throw new CheckpointError(
      `cannot read ${path}: ${what}. A model directory needs one.${await otherForms(directory)}`,
      { cause: error },
    );
  });
  const { config, head } = readModelConfig(path, decodeUtf8(path, bytes));
  const weights = { kind: 'checkpoint', directory, spellings: familyOf(config).spellings } as const;
  return {
    ...{ name, config, weights, directory },
    head: head === 'pooler' && !(await hasPooler(config, weights)) ? null : head,
  };
}

/** A plain encoder is saved with and without its pooler. */
async function hasPooler(config: ModelConfig, spec: WeightSpec): Promise<boolean> {
  const weights = await openWeights(spec);
  const found = headTensors(config, 'pooler').every(({ name }) => weights.has(name));
  await weights.close();
  return found;
}
