import type { Command } from 'commander';
import { EXECUTOR_NAMES } from '../executors/registry.js';
import { finiteNumber, oneOf, wholeNumber } from './options.js';

/** What every command that answers questions lets its user choose. */
export interface AnsweringFlags {
  readonly model: string;
  readonly config?: string;
  readonly executor: string;
  readonly maxLength?: number;
  readonly docStride?: number;
  readonly nBest: number;
  readonly maxAnswerLength: number;
  readonly nullThreshold?: number;
  readonly json?: boolean;
}

/** What SQuAD models are trained with; a third of it is their usual stride. */
export const USUAL_LENGTH = 384;

/** @param nullThreshold what leaving out `--null-threshold` means to this command */
export function withAnsweringOptions(command: Command, nullThreshold: string): Command {
  return command
    .requiredOption(
      '--model <model>',
      'a question-answering model: a Hugging Face directory, or ORG/NAME[@REVISION] of the hub',
    )
    .option(
      '--config <file>',
      "an ipu_config.json, a directory or a preset that cuts the model (default: the model's own; else one device)",
    )
    .option(
      '--executor <name>',
      `how stages compute: ${EXECUTOR_NAMES.join(', ')}`,
      oneOf(...EXECUTOR_NAMES),
      'onnx',
    )
    .option(
      '--max-length <n>',
      `most pieces in a row (default: ${USUAL_LENGTH}, or the model's positions)`,
      wholeNumber(4),
    )
    .option(
      '--doc-stride <n>',
      'pieces that neighbouring windows share (default: a third of a row)',
      wholeNumber(0),
    )
    .option('--n-best <n>', 'answers to keep', wholeNumber(1), 20)
    .option('--max-answer-length <n>', 'in pieces', wholeNumber(1), 30)
    .option(
      '--null-threshold <x>',
      `allow "no answer" when it scores higher by this (default: ${nullThreshold})`,
      finiteNumber,
    );
}
