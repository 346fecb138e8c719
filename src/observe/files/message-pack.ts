import { createReadStream } from 'node:fs';
import { Unpackr } from 'msgpackr';
import { InputError } from '../../../ipu-config/base/errors.js';
import { reason } from '../../../ipu-config/base/reason.js';

/** A record is a span, or the names of a pipeline's stages. */
const MOST_RECORD_BYTES = 1 << 20;

/** Of the types 0xc0 to 0xdf: the bytes of their length, then what follows besides what the length counts. */
const LENGTH_BYTES = [0, 0, 0, 0, 1, 2, 4, 1, 2, 4, ...new Array<number>(15).fill(0), 1, 2, 4, 2, 4, 2, 4];
const OTHER_BYTES = [0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 4, 8, 1, 2, 4, 8, 1, 2, 4, 8, 2, 3, 5, 9, 17];
const ARRAYS = 0xdc;
const MAPS = 0xde;

/**
 * The records of a file of MessagePack, one after another. A record is unpacked once it is there as a whole, so that a
 * damaged one is known by its number, and memory is bounded by the longest.
 * @throws InputError naming file and record
 */
export async function* readRecords(path: string): AsyncGenerator<unknown> {
  const unpackr = new Unpackr({ useRecords: false });
  let rest: Buffer = Buffer.alloc(0);
  let record = 1;
  const fail = (what: string): InputError => new InputError(`${path}, record ${record}: ${what}.`);
  const unpacked = (bytes: Buffer): unknown => {
    try {
      return unpackr.unpack(bytes);
    } catch (error) {
      throw fail(`no MessagePack (${reason(error)})`);
    }
  };
  for await (const chunk of chunksOf(path)) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let end = endOfRecord(rest, 0); end !== undefined; end = endOfRecord(rest, from)) {
      yield unpacked(rest.subarray(from, end));
      from = end;
      record++;
    }
    rest = rest.subarray(from);
    if (rest.length > MOST_RECORD_BYTES) throw fail(`longer than ${MOST_RECORD_BYTES} bytes`);
  }
  if (rest.length > 0) throw fail('the file ends in the middle of it');
}

async function* chunksOf(path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new InputError(`cannot read ${path}: ${reason(error)}.`, { cause: error });
  }
}

/** Where the value that begins at `start` ends; undefined when it goes on beyond the bytes. */
function endOfRecord(bytes: Buffer, start: number): number | undefined {
  let at = start;
  for (let values = 1; values > 0; values--) {
    const type = bytes[at++];
    if (type === undefined) return undefined;
    if (type < 0x80 || type >= 0xe0) continue;
    if (type < 0x90) values += 2 * (type & 0x0f);
    else if (type < 0xa0) values += type & 0x0f;
    else if (type < 0xc0) at += type & 0x1f;
    else {
      const width = LENGTH_BYTES[type - 0xc0]!;
      if (at + width > bytes.length) return undefined;
      const length = width === 0 ? 0 : bytes.readUIntBE(at, width);
      at += width + (OTHER_BYTES[type - 0xc0] ?? 0);
      if (type >= MAPS) values += 2 * length;
      else if (type >= ARRAYS) values += length;
      else at += length;
    }
  }
  return at <= bytes.length ? at : undefined;
}
