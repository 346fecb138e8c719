import { stripVTControlCharacters } from 'node:util';
import type { Warning } from '../../../ipu-config/base/warning.js';
import Table from 'cli-table3';
import pc from 'picocolors';
import { terminalWidth } from './terminal-width.js';

/** A line for each. */
export function warningLines(warnings: readonly Warning[]): string[] {
  return warnings.map(({ text }) => pc.yellow(`warning: ${text}`));
}

/** Rows of texts under their heads. */
export interface TextTable {
  push(row: readonly string[]): void;
  toString(): string;
}

/** What the lines of a table have beside the texts of `n` columns. */
interface Frame {
  readonly options: Table.TableConstructorOptions;
  /** Of a column. */
  readonly padding: number;
  readonly around: (columns: number) => number;
}

const BOXED: Frame = {
  // The library colours by itself, terminal or not; picocolors knows when to.
  options: { style: { head: [], border: [], compact: true } },
  padding: 2,
  around: (columns) => 3 * columns + 1,
};

const NO_LINES = Object.fromEntries(
  ['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right']
    .concat(['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'])
    .map((part) => [part, '']),
);

/** Columns apart by spaces, without a frame: it survives being copied. */
const BARE: Frame = {
  options: {
    chars: { ...NO_LINES, middle: '  ' },
    style: { head: [], border: [], 'padding-left': 0, 'padding-right': 0 },
  },
  padding: 0,
  around: (columns) => 2 * (columns - 1),
};

/** A table with lines around its cells. */
export function plainTable(head: readonly string[]): TextTable {
  return new FittedTable(head, BOXED);
}

/** A table whose columns only stand apart. */
export function bareTable(head: readonly string[]): TextTable {
  return new FittedTable(head, BARE);
}

/** A number, perhaps with a unit, a sign or a range, or the mark of none. */
const NUMERIC = /^(?:[-+−±]?\d[\d.,]*(?: ?(?:[%×]|[a-zA-Zµ/]{1,6}))?(?: ± \d+ %)?|–|)$/;

/**
 * A table that is no wider than the terminal: texts are broken into lines at spaces; where that is not enough, the
 * columns stand in several tables below each other, each with the first column. Columns of numbers end at the right.
 */
class FittedTable implements TextTable {
  readonly #rows: (readonly string[])[];
  readonly #frame: Frame;

  constructor(head: readonly string[], frame: Frame) {
    this.#rows = [head];
    this.#frame = frame;
  }

  push(row: readonly string[]): void {
    this.#rows.push(row);
  }

  toString(): string {
    const columns = this.#rows[0]!.map((_, at) => new Column(this.#rows.map((row) => row[at] ?? '')));
    const room = (count: number): number => terminalWidth() - this.#frame.around(count);
    return groupsOf(columns, room)
      .map((group) => this.#print(group, fittedWidths(group, room(group.length))))
      .join('\n');
  }

  #print(columns: readonly Column[], widths: readonly number[] | undefined): string {
    const { options, padding } = this.#frame;
    const table = new Table({
      ...options,
      colAligns: columns.map(({ isNumeric }) => (isNumeric ? 'right' : 'left')),
      ...(widths ? { colWidths: widths.map((width) => width + padding), wordWrap: true } : {}),
      head: columns.map(({ cells }) => pc.bold(cells[0])),
    });
    for (let at = 1; at < this.#rows.length; at++) table.push(columns.map(({ cells }) => cells[at]));
    return table.toString().replace(/ +$/gm, '');
  }
}

/** Narrower columns of text are hard to read. */
const READABLE = 20;

class Column {
  readonly cells: readonly string[];
  readonly natural: number;
  /** Its longest word, and what is left readable of a longer text; numbers are not broken. */
  readonly least: number;
  readonly isNumeric: boolean;

  constructor(cells: readonly string[]) {
    this.cells = cells;
    const [head, ...body] = cells.map(stripVTControlCharacters);
    this.isNumeric = body.every((cell) => NUMERIC.test(cell));
    const words = [...wordsOf(head!), ...(this.isNumeric ? body : body.flatMap(wordsOf))];
    this.natural = longest([head!, ...body].flatMap((cell) => cell.split('\n')));
    this.least = Math.max(longest(words), this.isNumeric ? 0 : Math.min(this.natural, READABLE));
  }
}

function wordsOf(text: string): string[] {
  return text.split(/\s/);
}

function longest(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => [...text].length));
}

/** Columns that fit beside each other, each group with the first. */
function groupsOf(columns: readonly Column[], room: (count: number) => number): Column[][] {
  const [first, ...rest] = columns;
  const groups: Column[][] = [[first!]];
  for (const column of rest) {
    const group = groups.at(-1)!;
    const least = [...group, column].reduce((sum, each) => sum + each.least, 0);
    if (least <= room(group.length + 1) || group.length === 1) group.push(column);
    else groups.push([first!, column]);
  }
  return groups;
}

/** The widest texts are broken first; undefined where nothing has to be. */
function fittedWidths(columns: readonly Column[], room: number): number[] | undefined {
  const widths = columns.map(({ natural }) => natural);
  let over = widths.reduce((sum, width) => sum + width, 0) - room;
  if (over <= 0) return undefined;
  for (; over > 0; over--) {
    const breakable = columns.flatMap(({ least }, at) => (widths[at]! > least ? [at] : []));
    if (breakable.length === 0) break;
    const widest = breakable.reduce((a, b) => (widths[b]! > widths[a]! ? b : a));
    widths[widest]!--;
  }
  return widths;
}
