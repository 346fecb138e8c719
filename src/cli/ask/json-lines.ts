import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import * as v from 'valibot';
import { InputError } from '../../../ipu-config/base/errors.js';
import { parsePythonJson, short } from '../../../ipu-config/base/json-text.js';
import { RefusedInput } from '../../tasks/task.js';

/** Where a record stands in its file, and the `id` that its writer gave it, any JSON value. */
export interface Placed {
  readonly line: number;
  readonly id?: unknown;
}

/** A line that is no record. */
export class BadLine extends RefusedInput {
  readonly place: Placed;

  constructor(place: Placed, error: InputError) {
    super(error);
    this.place = place;
  }
}

/** Longer lines are no texts that anybody wrote, and would fill the memory. */
const MAX_LINE_BYTES = 16 * 2 ** 20;
const NEWLINE = 0x0a;

/**
 * Reads a schema's records, one JSON value to a line. A line that is not one comes as `BadLine`.
 * @param isText each line is a text as it stands, and not JSON
 */
export async function* jsonLines<T extends object>(
  file: string,
  schema: v.GenericSchema<unknown, T>,
  isText = false,
): AsyncGenerator<(T & Placed) | BadLine, void, undefined> {
  let line = 0;
  for await (const bytes of linesOf(file)) {
    line++;
    if (bytes !== undefined && isBlank(bytes)) continue;
    let place: Placed = { line };
    try {
      const text = textOf(bytes);
      const value = isText ? text : jsonOf(text);
      const isObject = typeof value === 'object' && value !== null;
      if (isObject && Object.hasOwn(value, 'id')) place = { line, id: (value as { id: unknown }).id };
      yield { ...record(value, schema), ...place };
    } catch (error) {
      if (!(error instanceof InputError)) throw error;
      yield new BadLine(place, error);
    }
  }
}

function textOf(bytes: Buffer | undefined): string {
  if (!bytes) throw new InputError(`the line is longer than ${MAX_LINE_BYTES} bytes.`);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r$/, '');
  } catch (error) {
    throw new InputError('the line is not UTF-8.', { cause: error });
  }
}

function jsonOf(text: string): unknown {
  try {
    return parsePythonJson(text);
  } catch (error) {
    const why = (error as Error).message;
    throw new InputError(`the line is no JSON (${why}); each line must be one JSON value.`, { cause: error });
  }
}

function record<T extends object>(value: unknown, schema: v.GenericSchema<unknown, T>): T {
  const parsed = v.safeParse(schema, value);
  if (parsed.success) return parsed.output;
  const issue = parsed.issues[0];
  const key = v.getDotPath(issue);
  throw new InputError(key ? `"${short(key)}": ${issue.message}` : issue.message);
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0x20 || byte === 0x09 || byte === 0x0d);
}

/** Lines of a file or of stdin (`-`) as they come; undefined for one that is too long. */
async function* linesOf(file: string): AsyncGenerator<Buffer | undefined, void, undefined> {
  const parts: Buffer[] = [];
  let size = 0;
  const take = (): Buffer | undefined => {
    const line = size > MAX_LINE_BYTES ? undefined : Buffer.concat(parts);
    parts.length = size = 0;
    return line;
  };
  const keep = (part: Buffer): void => {
    size += part.length;
    if (size > MAX_LINE_BYTES) parts.length = 0;
    else parts.push(part);
  };
  for await (const chunk of chunksOf(file)) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, end));
      yield take();
      from = end + 1;
    }
    keep(chunk.subarray(from));
  }
  if (size > 0) yield take();
}

async function* chunksOf(file: string): AsyncGenerator<Buffer, void, undefined> {
  try {
    const stream = file === '-' ? process.stdin : createReadStream(file);
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    throw unreadable(file, error);
  }
}

/** @throws InputError when there is no such file: before a model is loaded for it */
export async function requireReadable(file: string): Promise<void> {
  if (file === '-') return;
  const found = await stat(file).catch((error: unknown) => {
    throw unreadable(file, error);
  });
  if (found.isDirectory()) throw new InputError(`${file} is a directory; --input takes a file of lines.`);
}

function unreadable(file: string, error: unknown): InputError {
  return new InputError(`cannot read ${file}: ${(error as Error).message}.`, { cause: error });
}
