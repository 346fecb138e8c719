import type { Command } from 'commander';
import { USUAL_LENGTH } from '../../runs/session.js';
import { withExecutorOption } from './executor-option.js';
import { wholeNumber } from './options.js';

/** Which model a task runs on, and how. */
export interface ModelFlags {
  readonly model: string;
  readonly config?: string;
  readonly executor: string;
  readonly maxLength?: number;
  readonly verbose?: boolean;
}

export function withModelOptions(command: Command): Command {
  return withExecutorOption(command)
    .requiredOption(
      '--model <model>',
      'a Hugging Face directory, ORG/NAME[@REVISION] of the hub, or synthetic:SIZE (bert-base, roberta-large, …)',
    )
    .option(
      '--config <file>',
      "an ipu_config.json, a directory or a preset that cuts the model (default: the model's own; else one device)",
    )
    .option(
      '--max-length <n>',
      `most pieces in a row (default: ${USUAL_LENGTH}, or the model's positions)`,
      wholeNumber(3),
    )
    .option('--verbose', 'list the tensors of the model that the task does not need');
}
