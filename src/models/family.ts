import { InputError } from '../../ipu-config/base/errors.js';
import type { Spellings } from '../weights/tensor-names.js';
import type { ModelHead, ModelConfig, Slice } from './model-config.js';
import type { ProgramBuilder } from './program-builder.js';
import type { Program, ProgramOutput } from './program.js';
import type { Value } from './steps.js';

/** A part of the model that upstream puts on an IPU by name. */
export interface Block {
  readonly name: string;
  readonly ipu: number;
}

/** IPUs that the blocks of a head may be on. */
export interface HeadIpus {
  readonly lastLayer: number;
  /** The replica's last, whether or not it holds a layer. */
  readonly last: number;
}

export interface ReadConfig {
  readonly config: ModelConfig;
  /** The head that `architectures` names; null when it names none or one that the family does not have. */
  readonly head: ModelHead | null;
}

export interface ProgramOptions {
  /**
   * A head that projects to the vocabulary does so only at the positions of each row that the int32 input
   * `picked_positions`, `[batch, picked]`, names; its outputs have `picked` in place of `sequence`.
   */
  readonly picked?: boolean;
}

/** Adds the steps of a head to those of the encoder; outputs carry upstream's names. */
export type HeadSteps = (
  steps: ProgramBuilder,
  config: ModelConfig,
  hidden: Value,
  options: ProgramOptions,
) => readonly ProgramOutput[];

/** What a family puts on its encoder, and where upstream puts that. */
export interface FamilyHead {
  readonly add: HeadSteps;
  /** In the order they run. */
  readonly blocks: (ipus: HeadIpus) => readonly Block[];
  /** The module that `embedding_serialization_factor` cuts, where it is not the word table but what is tied to it. */
  readonly decoder?: string;
  /** With `recompute_checkpoint_every_layer` upstream keeps the output of the last layer too. */
  readonly keepsLastLayer?: true;
}

/** Models that share code upstream: their configuration, tensors, program, heads and placement. */
export interface Family {
  /** `model_type` of config.json, the usual one first. */
  readonly modelTypes: readonly string[];
  /** What the names of transformers' classes begin with: `Bert` of `BertForMaskedLM`. */
  readonly classes: readonly string[];
  readonly heads: Readonly<Partial<Record<ModelHead, FamilyHead>>>;
  /** Token types of a row: `read` by the model; all of them 0, and others refused (`zero`); no such thing (`none`). */
  readonly tokenTypes: 'read' | 'zero' | 'none';
  /** The module of the word embeddings. */
  readonly wordTable: string;
  /**
   * Reads Hugging Face's `config.json`.
   * @param path only for messages.
   * @throws CheckpointError that names the key, its value and what would be right.
   */
  readonly readConfig: (path: string, json: unknown) => ReadConfig;
  /**
   * What a stage with this part of the model computes.
   * @throws InputError for a head that the family does not have
   */
  readonly program: (config: ModelConfig, slice: Slice, options?: ProgramOptions) => Program;
  /** How files may call its tensors. */
  readonly spellings: Spellings;
}

/** @throws InputError for a head that the family does not have */
export function headOf(
  { heads, modelTypes }: Pick<Family, 'heads' | 'modelTypes'>,
  head: ModelHead,
): FamilyHead {
  const found = heads[head];
  if (found) return found;
  throw new InputError(
    `${modelTypes[0]} models have no ${head === 'pooler' ? head : `${head} head`}; they have ${Object.keys(heads).join(', ')}.`,
  );
}

/** How transformers' classes end, by what they put on an encoder. */
const HEAD_OF_ENDING: Readonly<Record<string, ModelHead>> = {
  Model: 'pooler',
  ForQuestionAnswering: 'question-answering',
  ForSequenceClassification: 'sequence-classification',
  ForTokenClassification: 'token-classification',
  ForMultipleChoice: 'multiple-choice',
  ForNextSentencePrediction: 'next-sentence-prediction',
  ForMaskedLM: 'masked-lm',
  ForPreTraining: 'pre-training',
};

/** The head of one of transformers' classes; null where it is none of the family's, or has none. */
export function headOfClass(
  name: string,
  { classes, heads }: Pick<Family, 'classes' | 'heads'>,
): ModelHead | null {
  const endings = classes
    .filter((prefix) => name.startsWith(prefix))
    .map((prefix) => name.slice(prefix.length));
  const ending = endings.find((end) => Object.hasOwn(HEAD_OF_ENDING, end));
  const head = ending === undefined ? undefined : HEAD_OF_ENDING[ending]!;
  return head && heads[head] ? head : null;
}
