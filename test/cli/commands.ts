import type { Command } from 'commander';
import { commandLine, OutputOption } from 'ipu-pipeline/internals';

/** A command of the program's own table, and what it can be asked to write. */
export interface OneCommand {
  readonly name: string;
  readonly command: Command;
  /** `--json`, `--output`, … */
  readonly outputs: readonly string[];
}

/** All commands that do something: those that only group others have no argument of their own. */
export async function allCommands(): Promise<OneCommand[]> {
  const below = (command: Command, name: string): OneCommand[] => [
    ...(command.commands.length === 0 || command.registeredArguments.length > 0
      ? [{ name, command, outputs: outputsOf(command) }]
      : []),
    ...command.commands.flatMap((each) => below(each, `${name} ${each.name()}`.trim())),
  ];
  return below(await commandLine(), '');
}

function outputsOf(command: Command): string[] {
  return command.options.filter((option) => option instanceof OutputOption).map(({ long }) => long!);
}
