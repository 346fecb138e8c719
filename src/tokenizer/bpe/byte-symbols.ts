/**
 * The characters that stand for bytes in byte-level vocabularies (GPT-2's): printable ones of Latin-1 for themselves,
 * the others, in their order, for those from U+0100 on. `Ġ` is the space.
 */
export const BYTE_SYMBOLS: readonly string[] = byteSymbols();

const BYTES: ReadonlyMap<string, number> = new Map(BYTE_SYMBOLS.map((symbol, byte) => [symbol, byte]));

/** What `Ġ` stands for is a space. */
export const SPACE_SYMBOL = BYTE_SYMBOLS[0x20]!;

/** The bytes of a piece; a piece that is not made of symbols, such as an added token, is text. */
export function bytesOf(piece: string): Iterable<number> {
  const bytes = [...piece].map((symbol) => BYTES.get(symbol));
  return bytes.includes(undefined) ? new TextEncoder().encode(piece) : (bytes as number[]);
}

function byteSymbols(): string[] {
  const isPrintable = (byte: number): boolean =>
    (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
  let next = 0x100;
  return Array.from({ length: 256 }, (_, byte) => String.fromCharCode(isPrintable(byte) ? byte : next++));
}
