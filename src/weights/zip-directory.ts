import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import type { FileReader } from './file-reader.js';

/** A file inside an archive, by its range in the archive. */
export interface ZipRecord {
  readonly name: string;
  /** Where its own header begins, before its bytes. */
  readonly header: number;
  readonly begin: number;
  readonly end: number;
}

const END_BYTES = 22;
const LOCATOR_BYTES = 20;
const END64_BYTES = 56;
const LOCAL_BYTES = 30;
const CENTRAL_BYTES = 46;
const MAX_COMMENT_BYTES = 0xffff;
/** More than any checkpoint needs: BERT-large has some 400 records of about 100 bytes. */
const MAX_DIRECTORY_BYTES = 1 << 26;

const END = 0x06054b50;
const LOCATOR = 0x07064b50;
const END64 = 0x06064b50;
const CENTRAL = 0x02014b50;
const LOCAL = 0x04034b50;
const ZIP64_EXTRA = 1;

/**
 * The directory of a zip archive as torch writes it: every record stored as it is. Compressed records are refused,
 * so no record can become larger than the file, and so are ranges outside of the file or over one another.
 * @throws CheckpointError
 */
export async function readZipDirectory(file: FileReader): Promise<Map<string, ZipRecord>> {
  const { offset, bytes, count } = await findDirectory(file);
  const directory = new DataView((await file.bytes(offset, bytes, 'the zip directory')).buffer);
  const records = new Map<string, ZipRecord>();
  let at = 0;
  for (let i = 0; i < count; i++) {
    const central = parseCentral(file, directory, at);
    at = central.next;
    if (records.has(central.name)) throw damaged(file, `it has two records ${central.name}`);
    const begin = await dataBegin(file, central.localOffset, central.name);
    records.set(central.name, {
      name: central.name,
      header: central.localOffset,
      begin,
      end: begin + central.bytes,
    });
  }
  checkRanges(file, [...records.values()], offset);
  return records;
}

interface Directory {
  readonly offset: number;
  readonly bytes: number;
  readonly count: number;
}

async function findDirectory(file: FileReader): Promise<Directory> {
  const tailBytes = Math.min(file.sizeBytes, END_BYTES + MAX_COMMENT_BYTES);
  const tailBegin = file.sizeBytes - tailBytes;
  const tail = new DataView((await file.bytes(tailBegin, tailBytes, 'the end of the archive')).buffer);
  for (let at = tailBytes - END_BYTES; at >= 0; at--) {
    if (tail.getUint32(at, true) !== END) continue;
    if (at + END_BYTES + tail.getUint16(at + 20, true) !== tailBytes) continue;
    const plain = {
      count: tail.getUint16(at + 10, true),
      bytes: tail.getUint32(at + 12, true),
      offset: tail.getUint32(at + 16, true),
    };
    const found = (await findDirectory64(file, tailBegin + at)) ?? plain;
    const inside = found.offset + found.bytes <= tailBegin + at;
    if (!inside || found.bytes > MAX_DIRECTORY_BYTES || found.count * CENTRAL_BYTES > found.bytes) {
      throw damaged(file, `its directory of ${found.count} records does not fit into it`);
    }
    return found;
  }
  throw new CheckpointError(
    `${file.path} is truncated: it begins as a zip archive of ${file.sizeBytes} bytes, but the directory at its end ` +
      'is missing. Fetch it again.',
  );
}

/** Archives past 4 GiB have a second end record, found by a locator before the first. */
async function findDirectory64(file: FileReader, end: number): Promise<Directory | undefined> {
  if (end < LOCATOR_BYTES + END64_BYTES) return undefined;
  const locator = new DataView((await file.bytes(end - LOCATOR_BYTES, LOCATOR_BYTES)).buffer);
  if (locator.getUint32(0, true) !== LOCATOR) return undefined;
  const at = wholeNumber(file, locator, 8);
  if (at > end - LOCATOR_BYTES - END64_BYTES) throw damaged(file, 'its zip64 end record lies outside');
  const end64 = new DataView((await file.bytes(at, END64_BYTES)).buffer);
  if (end64.getUint32(0, true) !== END64) throw damaged(file, 'its zip64 end record is missing');
  return {
    count: wholeNumber(file, end64, 32),
    bytes: wholeNumber(file, end64, 40),
    offset: wholeNumber(file, end64, 48),
  };
}

interface CentralEntry {
  readonly name: string;
  readonly bytes: number;
  readonly localOffset: number;
  /** Where the next entry begins. */
  readonly next: number;
}

function parseCentral(file: FileReader, directory: DataView<ArrayBuffer>, at: number): CentralEntry {
  const cut = (): CheckpointError => damaged(file, 'its directory ends in the middle of a record');
  if (at + CENTRAL_BYTES > directory.byteLength) throw cut();
  if (directory.getUint32(at, true) !== CENTRAL)
    throw damaged(file, 'its directory has a record that is none');
  const nameBytes = directory.getUint16(at + 28, true);
  const extraBytes = directory.getUint16(at + 30, true);
  const extraBegin = at + CENTRAL_BYTES + nameBytes;
  const next = extraBegin + extraBytes + directory.getUint16(at + 32, true);
  if (next > directory.byteLength) throw cut();
  const name = new TextDecoder().decode(new Uint8Array(directory.buffer, at + CENTRAL_BYTES, nameBytes));
  const method = directory.getUint16(at + 10, true);
  if (method !== 0 || (directory.getUint16(at + 8, true) & 1) !== 0) {
    throw new CheckpointError(
      `${file.path}: record ${name} is compressed or encrypted (method ${method}); torch.save stores records as they ` +
        'are. Save the model again.',
    );
  }
  // In this order, those that do not fit 32 bits stand in the zip64 field.
  const fields = [24, 20, 42].map((field) => directory.getUint32(at + field, true));
  const [bytes, storedBytes, localOffset] = widenFields(file, directory, fields, extraBegin, extraBytes);
  if (bytes !== storedBytes) throw damaged(file, `record ${name} has two sizes, ${bytes} and ${storedBytes}`);
  return { name, bytes: bytes!, localOffset: localOffset!, next };
}

function widenFields(
  file: FileReader,
  directory: DataView,
  fields: number[],
  extraBegin: number,
  extraBytes: number,
): number[] {
  if (!fields.includes(0xffffffff)) return fields;
  const end = extraBegin + extraBytes;
  for (let at = extraBegin; at + 4 <= end; at += 4 + directory.getUint16(at + 2, true)) {
    if (directory.getUint16(at, true) !== ZIP64_EXTRA) continue;
    let from = at + 4;
    return fields.map((field) => {
      if (field !== 0xffffffff) return field;
      if (from + 8 > end) throw damaged(file, 'a zip64 field is too short');
      from += 8;
      return wholeNumber(file, directory, from - 8);
    });
  }
  throw damaged(file, 'a zip64 field is missing');
}

async function dataBegin(file: FileReader, offset: number, name: string): Promise<number> {
  if (offset + LOCAL_BYTES > file.sizeBytes) throw damaged(file, `record ${name} lies outside`);
  const local = new DataView((await file.bytes(offset, LOCAL_BYTES)).buffer);
  if (local.getUint32(0, true) !== LOCAL)
    throw damaged(file, `record ${name} is not where its directory says`);
  return offset + LOCAL_BYTES + local.getUint16(26, true) + local.getUint16(28, true);
}

function checkRanges(file: FileReader, records: ZipRecord[], directoryBegin: number): void {
  records.sort((a, b) => a.header - b.header);
  let before: ZipRecord | undefined;
  for (const record of records) {
    if (record.end > directoryBegin) {
      throw damaged(
        file,
        `record ${record.name} (bytes ${record.begin} … ${record.end}) runs into the directory`,
      );
    }
    if (before && record.header < before.end) {
      throw damaged(file, `records ${before.name} and ${record.name} overlap at byte ${record.header}`);
    }
    before = record;
  }
}

function wholeNumber(file: FileReader, view: DataView, at: number): number {
  const value = view.getBigUint64(at, true);
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw damaged(file, `it says ${value} where a size stands`);
  return Number(value);
}

function damaged(file: FileReader, fault: string): CheckpointError {
  return new CheckpointError(`${file.path} is a damaged zip archive: ${fault}. Fetch it again.`);
}
