import { readFile } from 'node:fs/promises';
import { CheckpointError } from '../checkpoint-error.js';
import { decodeUtf8, parseJson } from '../json-text.js';
import { reason } from '../reason.js';

/**
 * Reads a JSON file of a checkpoint.
 * @throws CheckpointError when it cannot be read or is no JSON, with line and column where that is known.
 */
export async function readJsonFile(path: string): Promise<unknown> {
  return parseJson(path, await readTextFile(path));
}

/**
 * Reads a text file of a checkpoint.
 * @throws CheckpointError when it cannot be read or is no UTF-8.
 */
export async function readTextFile(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw new CheckpointError(`cannot read ${path}: ${reason(error)}.`, { cause: error });
  });
  return decodeUtf8(path, bytes);
}
