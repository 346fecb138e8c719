import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { Option, type Command } from 'commander';
import { InputError } from '../../../ipu-config/base/errors.js';
import { OutputFile } from '../../../ipu-config/base/files/output-file.js';
import { isNeeded } from '../../hub/needed-files.js';

/** A flag that names what a command writes: a file, or a folder and the files that come to lie there. */
export class OutputOption extends Option {
  /** Names of the files that are written where the flag names a folder. */
  readonly inside: readonly string[];

  constructor(flags: string, description: string, inside: readonly string[] = []) {
    super(flags, description);
    this.inside = inside;
  }

  /** The files that a value of the flag stands for. */
  files(value: string): string[] {
    return this.inside.length > 0 && isFolder(value) ? this.inside.map((name) => join(value, name)) : [value];
  }
}

interface Output {
  readonly flag: string;
  readonly file: string;
}

/**
 * Checks what a command is asked to write before it does anything: that it is none of its inputs, whatever links lead
 * there, that no two flags mean the same file, and that a file can be made there.
 * @throws InputError naming flag and file
 */
export function checkOutputs(command: Command): void {
  const outputs = outputsOf(command);
  if (outputs.length === 0) return;
  const inputs = inputsOf(command);
  const places = new Map<string, string>();
  for (const { flag, file } of outputs) {
    const input = inputs.find((each) => isRead(each, file));
    if (input !== undefined) {
      throw new InputError(
        `${flag} would overwrite ${file}, which is read too (${input}): give another file.`,
      );
    }
    const place = placeOf(file);
    const other = places.get(place);
    if (other !== undefined && isFileOrNew(file)) {
      throw new InputError(`${other} and ${flag} would both write ${file}: give two files.`);
    }
    places.set(place, flag);
    if (isFileOrNew(file)) new OutputFile(file).discard();
  }
}

function outputsOf(command: Command): Output[] {
  return command.options.flatMap((option) => {
    const value: unknown = command.getOptionValue(option.attributeName());
    if (!(option instanceof OutputOption) || typeof value !== 'string') return [];
    // A folder that is not there yet is made with all above it.
    if (option.inside.length > 1 && statOf(value) === undefined) return [];
    return option.files(value).map((file) => ({ flag: option.long ?? option.flags, file }));
  });
}

/** Every text that a command was given may name something that it reads. */
function inputsOf(command: Command): string[] {
  const given = command.options
    .filter((option) => !(option instanceof OutputOption))
    .map((option): unknown => command.getOptionValue(option.attributeName()));
  return [...(command.processedArgs as unknown[]), ...given]
    .flat()
    .filter((value): value is string => typeof value === 'string' && statOf(value) !== undefined);
}

/** Whether `file` is what `input` names, or a file that is read of the folder that it names. */
function isRead(input: string, file: string): boolean {
  const found = statOf(file);
  if (!found?.isFile()) return false;
  if (isFolder(input)) return isNeeded(relative(realpathSync(input), realpathSync(file)));
  const other = statOf(input)!;
  return other.dev === found.dev && other.ino === found.ino;
}

function placeOf(file: string): string {
  const folder = statOf(dirname(file)) ? realpathSync(dirname(file)) : dirname(file);
  return statOf(file) ? realpathSync(file) : join(folder, basename(file));
}

function isFileOrNew(file: string): boolean {
  const found = statOf(file);
  return !found || found.isFile() || found.isDirectory();
}

function isFolder(path: string): boolean {
  return statOf(path)?.isDirectory() ?? false;
}

/** A text may be no path at all, or longer than one can be. */
function statOf(path: string): ReturnType<typeof statSync> {
  try {
    return statSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}
