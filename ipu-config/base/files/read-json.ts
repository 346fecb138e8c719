import { readFile } from 'node:fs/promises';
import { CheckpointError } from '../checkpoint-error.js';
import { decodeUtf8, parseJson } from '../json-text.js';
import { reason } from '../reason.js';

/**
 * Reads a JSON file of a checkpoint.
 * @throws CheckpointError when it cannot be read or is no JSON, with line and column where that is known.
 */
export async function readJsonFile(path: string): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new CheckpointError(`cannot read ${path}: ${reason(error)}.`, { cause: error });
  }
  return parseJson(path, decodeUtf8(path, bytes));
}
