import { readFile, stat } from 'node:fs/promises';
import { InputError } from '../errors.js';
import { reason } from '../reason.js';

/**
 * Reads a text file that the user names.
 * @throws InputError naming the file and what is wrong with it
 */
export async function readText(file: string): Promise<string> {
  return readFile(file, 'utf8').catch((error: unknown) => {
    throw new InputError(`cannot read ${file}: ${reason(error)}.`, { cause: error });
  });
}

/** There is a file of that name, whatever else the text may be: longer than a path can be, a name of something else. */
export async function isFile(name: string): Promise<boolean> {
  return (await stat(name).catch(() => undefined))?.isFile() ?? false;
}
