import type { Command } from 'commander';
import { EXECUTOR_NAMES } from '../executors/registry.js';
import { USUAL_LENGTH } from '../tasks/task-session.js';
import { oneOf, wholeNumber } from './options.js';

/** Which model a task runs on, and how. */
export interface ModelFlags {
  readonly model: string;
  readonly config?: string;
  readonly executor: string;
  readonly maxLength?: number;
  readonly verbose?: boolean;
}

export function withModelOptions(command: Command): Command {
  return command
    .requiredOption(
      '--model <model>',
      'a Hugging Face directory, ORG/NAME[@REVISION] of the hub, or synthetic:bert-SIZE',
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
      wholeNumber(3),
    )
    .option('--verbose', 'list the tensors of the model that the task does not need');
}
