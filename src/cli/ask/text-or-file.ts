import { readFile, stat } from 'node:fs/promises';
import { InputError } from '../../../ipu-config/base/errors.js';

/** A text as given, or the content of the file that it names. */
export async function textOrFile(text: string): Promise<string> {
  if (!(await isFile(text))) return text;
  return readFile(text, 'utf8').catch((error: unknown) => {
    throw new InputError(`cannot read ${text}: ${(error as Error).message}.`, { cause: error });
  });
}

async function isFile(path: string): Promise<boolean> {
  // A text may be longer than a path can be, or hold characters that no path has.
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ?? false;
}
