import { BACKWARD, OP_TABLE, type Dialect } from './op-table.js';

/** What a CSV file says beyond its actions: kept so that the file is written back as it came. */
export interface CsvLayout {
  readonly dialect: Dialect;
  /** End of each line, in order; the last is empty when the file does not end with one. */
  readonly lineEnds: readonly string[];
  /** Cells that are not written in the usual way (spaces, quotes), by `cellKey`. */
  readonly cells: ReadonlyMap<string, WrittenCell>;
  /** The file begins with a byte-order mark. */
  readonly byteOrderMark: boolean;
}

export interface WrittenCell {
  /** The usual way to write the cell's actions. */
  readonly usual: string;
  /** The way they stand in the file. */
  readonly written: string;
}

export function cellKey(rank: number, cycle: number): string {
  return `${rank},${cycle}`;
}

export interface CsvLine {
  readonly fields: readonly string[];
  readonly end: string;
}

/** Lines and their fields, as they stand: quotes and spaces are still there. */
export function splitCsv(text: string): CsvLine[] {
  const parts = text.split(/(\r\n|\n|\r)/);
  const lines: CsvLine[] = [];
  for (let at = 0; at < parts.length; at += 2) {
    const line = parts[at]!;
    const end = parts[at + 1] ?? '';
    if (line === '' && end === '' && at > 0) break;
    lines.push({ fields: line.split(','), end });
  }
  return lines;
}

/** The text of a field without the spaces and quotes around it. */
export function fieldText(field: string): string {
  const text = field.trim();
  return text.length >= 2 && text.startsWith('"') && text.endsWith('"') ? text.slice(1, -1).trim() : text;
}

/**
 * Which dialect a file is in. BW exists in the older one only; where there are weight halves (W) but no input
 * halves (I), B must be the input half, or there would be none. A file with neither reads the same in the newer one:
 * B is the whole backward.
 */
export function dialectOf(text: string): Dialect {
  const has = (written: string): boolean => new RegExp(`\\d${written}\\d`).test(text);
  if (has(OP_TABLE[BACKWARD.whole].text.older)) return 'older';
  return has(OP_TABLE[BACKWARD.weights].text.torch) && !has(OP_TABLE[BACKWARD.input].text.torch)
    ? 'older'
    : 'torch';
}
