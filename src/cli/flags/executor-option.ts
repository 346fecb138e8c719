import type { Command } from 'commander';
import { checkAdapter, chooseExecutor, executorChoices } from '../../executors/choice/choose-executor.js';
import { oneOf } from './options.js';

export function withExecutorOption(command: Command): Command {
  return command.option(
    '--executor <name>',
    `how stages compute: ${executorChoices().join(', ')}; auto is gpu.js on a GPU where one answers, else onnx`,
    oneOf(...executorChoices()),
    'onnx',
  );
}

/** The executor that the flag stands for here, or an error where it cannot be had; where the machine decided, stderr says what and why. */
export async function executorOf({ executor }: { readonly executor: string }): Promise<string> {
  await checkAdapter(executor);
  const { name, reason } = await chooseExecutor(executor);
  if (reason !== undefined) process.stderr.write(`--executor ${executor} takes ${name}: ${reason}\n`);
  return name;
}
