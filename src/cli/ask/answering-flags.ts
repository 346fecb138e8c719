import type { Command } from 'commander';
import { finiteNumber, wholeNumber } from '../flags/options.js';

/** How answers are found in the model's logits. */
export interface AnswerFlags {
  readonly docStride?: number;
  readonly nBest: number;
  readonly maxAnswerLength: number;
  readonly nullThreshold?: number;
}

/** @param nullThreshold what leaving out `--null-threshold` means to this command */
export function withAnswerOptions(command: Command, nullThreshold: string): Command {
  return command
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
