import { InputError } from '../../ipu-config/base/errors.js';
import { reason } from '../../ipu-config/base/reason.js';
import { countSpans, endOf, type SpanKind, type SpanRow, type SpanTable } from './span-table.js';

/** More than a page can hold, and few enough to take them up at once. */
export const MOST_SPANS = 1 << 20;
/** Of a span: five varints. Each holds a safe integer, of which seven bits go into a byte. */
const MOST_BYTES = 5 * 8;

/** A table of spans as JSON can hold it. */
export interface EncodedSpans {
  readonly count: number;
  /** Times are whole multiples of this. */
  readonly quantumNs: number;
  readonly kinds: readonly SpanKind[];
  readonly rows: readonly { readonly replica: number; readonly rank: number; readonly count: number }[];
  /** Base64 of raw deflate of the rows' varints: gap before, length, kind, change of stage and of micro-batch. */
  readonly deflated: string;
}

/** So many distinct moments stay distinct: more than a screen shows at any zoom that makes sense. */
const RESOLUTION = 1e8;

/**
 * Some 4 bytes a span: gaps are mostly zero, stages and micro-batches mostly repeat. Runs of more than a tenth of a
 * second lose nanoseconds: times are rounded to a power of ten that is at most a 10⁻⁸ of the run.
 * @throws InputError when there are more spans than `MOST_SPANS`, which nobody could read back
 */
export async function encodeSpans(table: SpanTable): Promise<EncodedSpans> {
  const count = countSpans(table);
  checkCount(count);
  const quantumNs = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, endOf(table) / RESOLUTION))));
  const bytes = new ByteList();
  for (const row of table.rows) encodeRow(row, quantumNs, bytes);
  return {
    count,
    quantumNs,
    kinds: table.kinds,
    rows: table.rows.map(({ replica, rank, kind }) => ({ replica, rank, count: kind.length })),
    deflated: toBase64(await deflated(bytes.bytes())),
  };
}

/**
 * The inverse of `encodeSpans`. Nothing is unpacked or allocated beyond what the counts allow.
 * @throws InputError when the text is not what `encodeSpans` wrote
 */
export async function decodeSpans({
  kinds,
  rows,
  count,
  quantumNs,
  ...rest
}: EncodedSpans): Promise<SpanTable> {
  checkCount(count);
  const sum = rows.reduce((all, row) => all + row.count, 0);
  if (sum !== count) throw new InputError(`the encoded spans are ${count}, but their rows have ${sum}`);
  const reader = new VarintReader(await inflated(rest.deflated, count * MOST_BYTES));
  const decoded = rows.map(({ replica, rank, count: own }) => {
    return { replica, rank, ...decodeRow(reader, own, { quantumNs, kinds: kinds.length }) };
  });
  if (!reader.isAtEnd) throw new InputError('the encoded spans go on after the last of them');
  return { kinds, rows: decoded };
}

function checkCount(count: number): void {
  if (count <= MOST_SPANS) return;
  throw new InputError(`${count} spans are more than a timeline holds: ${MOST_SPANS} at most`);
}

function encodeRow(row: SpanRow, quantumNs: number, bytes: ByteList): void {
  let [edge, stage, microBatch] = [0, 0, 0];
  for (let at = 0; at < row.kind.length; at++) {
    const start = Math.round(row.startNs[at]! / quantumNs);
    const end = Math.round(row.endNs[at]! / quantumNs);
    bytes.addSigned(start - edge);
    bytes.add(end - start);
    bytes.add(row.kind[at]!);
    bytes.addSigned(row.stage[at]! - stage);
    bytes.addSigned(row.microBatch[at]! - microBatch);
    [edge, stage, microBatch] = [end, row.stage[at]!, row.microBatch[at]!];
  }
}

function decodeRow(
  reader: VarintReader,
  count: number,
  { quantumNs, kinds }: { readonly quantumNs: number; readonly kinds: number },
): Omit<SpanRow, 'replica' | 'rank'> {
  const columns = {
    startNs: new Float64Array(count),
    endNs: new Float64Array(count),
    kind: new Uint8Array(count),
    stage: new Int32Array(count),
    microBatch: new Int32Array(count),
  };
  let [edge, stage, microBatch] = [0, 0, 0];
  for (let at = 0; at < count; at++) {
    const start = edge + reader.signed();
    edge = start + reader.next();
    columns.startNs[at] = start * quantumNs;
    columns.endNs[at] = edge * quantumNs;
    const kind = (columns.kind[at] = reader.next());
    if (kind >= kinds) throw new InputError('the encoded spans name a kind that is not in their list');
    columns.stage[at] = stage += reader.signed();
    columns.microBatch[at] = microBatch += reader.signed();
  }
  return columns;
}

class ByteList {
  #bytes = new Uint8Array(1 << 12);
  #length = 0;

  /** A whole number from 0, seven bits a byte. No bit operations: numbers may pass 2³¹. */
  add(value: number): void {
    if (this.#length + 8 > this.#bytes.length) {
      const grown = new Uint8Array(this.#bytes.length * 2);
      grown.set(this.#bytes);
      this.#bytes = grown;
    }
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) this.#bytes[this.#length++] = (rest % 128) + 128;
    this.#bytes[this.#length++] = rest;
  }

  addSigned(value: number): void {
    this.add(value >= 0 ? value * 2 : -value * 2 - 1);
  }

  bytes(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.#length);
  }
}

class VarintReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  next(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.#at++];
      if (byte === undefined) throw new InputError('the encoded spans end too early');
      value += (byte % 128) * scale;
      if (byte >= 128) continue;
      if (Number.isSafeInteger(value)) return value;
      throw new InputError('the encoded spans hold a number that is too large');
    }
  }

  signed(): number {
    const value = this.next();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}

async function deflated(bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const piped = new Blob([bytes]).stream().pipeThrough(new CompressionStream('deflate-raw'));
  return new Uint8Array(await new Response(piped).arrayBuffer());
}

/** @throws InputError when it is no base64, no deflate, or unpacks to more than `mostBytes` */
async function inflated(text: string, mostBytes: number): Promise<Uint8Array> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  try {
    const packed = new Blob([fromBase64(text)]).stream();
    const unpacked: ReadableStream<Uint8Array<ArrayBuffer>> = packed.pipeThrough(
      new DecompressionStream('deflate-raw'),
    );
    const reader = unpacked.getReader();
    for (let left = mostBytes; ;) {
      const { done, value } = await reader.read();
      if (done) break;
      left -= value.length;
      if (left < 0) {
        await reader.cancel();
        throw new Error(`they unpack to more than the ${mostBytes} bytes that so many spans can take`);
      }
      chunks.push(value);
    }
  } catch (error) {
    throw new InputError(`the encoded spans cannot be unpacked: ${reason(error)}`, { cause: error });
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

const CHUNK = 1 << 13;

function toBase64(bytes: Uint8Array): string {
  let binary = '';
  for (let at = 0; at < bytes.length; at += CHUNK) {
    binary += String.fromCharCode(...bytes.subarray(at, at + CHUNK));
  }
  return btoa(binary);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> {
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let at = 0; at < bytes.length; at++) bytes[at] = binary.charCodeAt(at);
  return bytes;
}
