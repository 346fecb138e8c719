import * as v from 'valibot';
import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { bitsOf, FILE_DTYPES, isDtype } from './dtype.js';
import { brief, decodeUtf8, parseJson, short } from '../../ipu-config/base/json-text.js';
import type { TensorInfo } from './tensor-file.js';
import { elementsOf } from '../../ipu-config/base/tensor-spec.js';

/** The format's own limit for the header; a larger one is a file of another kind. */
const MAX_HEADER_BYTES = 100_000_000;
/** The header's length comes first: unsigned, little-endian. */
export const LENGTH_BYTES = 8;

/** Where a tensor lies: `[begin, end)` in bytes after the header. */
export interface SafetensorsEntry extends TensorInfo {
  readonly begin: number;
  readonly end: number;
}

const wholeNumber = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const entrySchema = v.object({
  dtype: v.string(),
  shape: v.array(wholeNumber),
  data_offsets: v.strictTuple([wholeNumber, wholeNumber]),
});
const RIGHT: Readonly<Record<string, string>> = {
  dtype: `one of ${FILE_DTYPES.join(', ')}`,
  shape: 'a list of whole numbers from 0',
  data_offsets: 'two whole numbers from 0, the first byte and one past the last',
};

/**
 * How long the header is, checked against the format's limit and the file's size, so that no memory is taken on
 * the word of a damaged file.
 * @param prefix the first eight bytes of the file, or all it has
 */
export function headerLength(path: string, prefix: Uint8Array, fileBytes: number): number {
  if (prefix.byteLength < LENGTH_BYTES) {
    throw new CheckpointError(
      `${path} is truncated: it has ${fileBytes} bytes, a safetensors file at least ${LENGTH_BYTES}. Fetch it again.`,
    );
  }
  if (new TextDecoder('latin1').decode(prefix) === 'version ') {
    throw new CheckpointError(`${path} is a Git LFS pointer, not the file itself: run "git lfs pull" there.`);
  }
  const length = new DataView(prefix.buffer, prefix.byteOffset).getBigUint64(0, true);
  if (length > BigInt(MAX_HEADER_BYTES)) {
    throw new CheckpointError(
      `${path} says that its header has ${length} bytes, more than the format's limit of ${MAX_HEADER_BYTES}: ` +
        'it is damaged or no safetensors file.',
    );
  }
  const end = LENGTH_BYTES + Number(length);
  if (end > fileBytes) {
    throw new CheckpointError(
      `${path} is truncated or no safetensors file: it says that its header ends at byte ${end}, but it has ` +
        `${fileBytes} bytes. Fetch it again.`,
    );
  }
  return Number(length);
}

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
  const what = `the header of ${path}`;
  const text = decodeUtf8(what, header);
  if (!text.startsWith('{')) {
    throw new CheckpointError(
      `${what} begins with ${JSON.stringify(text.slice(0, 1))}, it must begin with "{": ` +
        'the file is damaged or no safetensors file.',
    );
  }
  const entries = new Map<string, SafetensorsEntry>();
  for (const [name, value] of Object.entries(parseJson(what, text) as object)) {
    if (name === '__metadata__') checkMetadata(path, value);
    else entries.set(name, parseEntry(path, name, value));
  }
  checkRanges(path, entries, { headerBytes: LENGTH_BYTES + header.byteLength, dataBytes });
  return entries;
}

function checkMetadata(path: string, value: unknown): void {
  if (v.is(v.record(v.string(), v.string()), value)) return;
  throw new CheckpointError(`${path}: __metadata__ must be an object of strings, it is ${brief(value)}.`);
}

function parseEntry(path: string, name: string, value: unknown): SafetensorsEntry {
  const refuse = (fault: string): never => {
    throw new CheckpointError(
      `${path}: tensor ${short(name)} ${fault}: the file is damaged, fetch or save it again.`,
    );
  };
  const parsed = v.safeParse(entrySchema, Array.isArray(value) ? undefined : value);
  if (!parsed.success) {
    const key = v.getDotPath(parsed.issues[0])?.split('.')[0];
    if (key === undefined) return refuse(`is ${brief(value)} in the header, it must be an object`);
    const found = brief((value as Record<string, unknown>)[key]);
    return refuse(`has the ${key} ${found} in the header, it must be ${RIGHT[key]}`);
  }
  const { dtype, shape } = parsed.output;
  const [begin, end] = parsed.output.data_offsets;
  if (!isDtype(dtype)) return refuse(`has the dtype ${short(dtype)}, it must be ${RIGHT['dtype']}`);
  const dims = `shape [${short(shape.join(', '))}] and dtype ${dtype}`;
  const bits = elementsOf(shape) * bitsOf(dtype);
  if (!Number.isSafeInteger(bits)) return refuse(`of ${dims} is absurdly large`);
  if (8 * (end - begin) !== bits) {
    return refuse(
      `of ${dims} has ${bits / 8} bytes, but the header gives it the range ${begin} … ${end} (${end - begin} bytes)`,
    );
  }
  return { dtype, shape, begin, end };
}

function checkRanges(
  path: string,
  entries: ReadonlyMap<string, SafetensorsEntry>,
  { headerBytes, dataBytes }: { headerBytes: number; dataBytes: number },
): void {
  const ordered = [...entries].sort(([, a], [, b]) => a.begin - b.begin || a.end - b.end);
  const expected = ordered.reduce((last, [, { end }]) => Math.max(last, end), 0);
  const sizes = `its header describes ${headerBytes + expected} bytes, the file has ${headerBytes + dataBytes}`;
  if (expected > dataBytes) {
    throw new CheckpointError(
      `${path} is truncated: ${sizes} (${expected - dataBytes} are missing). Fetch it again.`,
    );
  }
  let end = 0;
  let before = 'the header';
  for (const [name, entry] of ordered) {
    if (entry.begin !== end) {
      const fault = entry.begin < end ? 'overlaps with' : 'leaves a hole after';
      throw new CheckpointError(
        `${path}: tensor ${short(name)} begins at byte ${entry.begin} of the data and ${fault} ${before}, which ends at ${end}: ` +
          'the file is damaged, fetch or save it again.',
      );
    }
    end = entry.end;
    before = `tensor ${short(name)}`;
  }
  if (end !== dataBytes) {
    throw new CheckpointError(
      `${path} is damaged: ${sizes}; ${dataBytes - end} bytes belong to no tensor. Fetch or save it again.`,
    );
  }
}
