import type { Spellings } from '../weights/tensor-names.js';
import type { ModelHead, ModelConfig, Slice } from './model-config.js';
import type { Program } from './program.js';

/** A part of the model that upstream puts on an IPU by name. */
export interface Block {
  readonly name: string;
  readonly ipu: number;
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

/** Models that share code upstream: their configuration, tensors, program, heads and placement. */
export interface Family {
  /** `model_type` of config.json, the usual one first. */
  readonly modelTypes: readonly string[];
  readonly heads: readonly ModelHead[];
  /**
   * Reads Hugging Face's `config.json`.
   * @param path only for messages.
   * @throws CheckpointError that names the key, its value and what would be right.
   */
  readonly readConfig: (path: string, json: unknown) => ReadConfig;
  /** What a stage with this part of the model computes. */
  readonly program: (config: ModelConfig, slice: Slice, options?: ProgramOptions) => Program;
  /**
   * Blocks in the order they run, as upstream places them.
   * @param layerIpu the IPU of each layer
   */
  readonly blocks: (
    layerIpu: readonly number[],
    head: ModelHead | null,
    ipusPerReplica: number,
  ) => readonly Block[];
  /** How files may call its tensors. */
  readonly spellings: Spellings;
}
