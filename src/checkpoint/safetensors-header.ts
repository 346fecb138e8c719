import * as v from 'valibot';
import { CheckpointError } from './checkpoint-error.js';

/** Bytes of one element, for every dtype that the format knows. */
const DTYPE_BYTES: Readonly<Record<string, number>> = {
  BOOL: 1,
  U8: 1,
  I8: 1,
  F8_E4M3: 1,
  F8_E5M2: 1,
  I16: 2,
  U16: 2,
  F16: 2,
  BF16: 2,
  I32: 4,
  U32: 4,
  F32: 4,
  F64: 8,
  I64: 8,
  U64: 8,
};

/** Where a tensor lies: `[begin, end)` in bytes after the header. */
export interface SafetensorsEntry {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entrySchema = v.object({
  dtype: v.string(),
  shape: v.array(wholeNumber),
  data_offsets: v.tuple([wholeNumber, wholeNumber]),
});

/**
 * Parses and checks a safetensors header: every range fits its dtype and shape, lies in the file, and the ranges
 * cover the data without holes or overlaps, as the format demands.
 * @throws CheckpointError that names the file and the tensor.
 */
export function parseHeader(
  path: string,
  header: Uint8Array,
  dataBytes: number,
): Map<string, SafetensorsEntry> {
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, value] of Object.entries(parseJson(path, header))) {
    if (name === '__metadata__') continue;
    entries.set(name, parseEntry(path, name, value));
  }
  checkRanges(path, entries, dataBytes);
  return entries;
}

function parseJson(path: string, header: Uint8Array): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(header));
  } catch (error) {
    throw new CheckpointError(`${path} has a header that is not JSON: ${(error as Error).message}.`, {
      cause: error,
    });
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new CheckpointError(`${path} has a header that is not a JSON object.`);
  }
  return parsed as Record<string, unknown>;
}

function parseEntry(path: string, name: string, value: unknown): SafetensorsEntry {
  const parsed = v.safeParse(entrySchema, value);
  if (!parsed.success) {
    const issue = parsed.issues[0];
    const key = v.getDotPath(issue) ?? 'entry';
    throw new CheckpointError(`${path}: tensor ${name} has a bad ${key} in the header: ${issue.message}.`);
  }
  const { dtype, shape } = parsed.output;
  const [begin, end] = parsed.output.data_offsets;
  const elementBytes = DTYPE_BYTES[dtype];
  if (elementBytes === undefined) {
    throw new CheckpointError(
      `${path}: tensor ${name} has the dtype ${dtype}, which the format does not know.`,
    );
  }
  const expected = shape.reduce((product, d) => product * d, elementBytes);
  if (end - begin !== expected) {
    throw new CheckpointError(
      `${path}: tensor ${name} of shape [${shape.join(', ')}] and dtype ${dtype} has ${expected} bytes, ` +
        `but the header gives it the range ${begin} … ${end} (${end - begin} bytes).`,
    );
  }
  return { dtype, shape, begin, end };
}

function checkRanges(path: string, entries: Map<string, SafetensorsEntry>, dataBytes: number): void {
  const ordered = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  let end = 0;
  let before = 'the header';
  for (const [name, entry] of ordered) {
    if (entry.end > dataBytes) {
      throw new CheckpointError(
        `${path}: tensor ${name} ends at byte ${entry.end} of the data, but the file has only ${dataBytes}: ` +
          'it is truncated. Fetch it again.',
      );
    }
    if (entry.begin !== end) {
      const fault = entry.begin < end ? 'overlaps with' : 'leaves a hole after';
      throw new CheckpointError(
        `${path}: tensor ${name} begins at byte ${entry.begin} of the data and ${fault} ${before}, which ends at ${end}.`,
      );
    }
    end = entry.end;
    before = `tensor ${name}`;
  }
  if (end !== dataBytes) {
    throw new CheckpointError(
      `${path} has ${dataBytes - end} bytes after its last tensor: the file is damaged.`,
    );
  }
}
