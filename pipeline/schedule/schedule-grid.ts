import { printCell } from './cell-text.js';
import type { Schedule } from './schedule.js';

export interface GridMark {
  readonly rank: number;
  readonly cycle: number;
}

const IDLE = '·';

/** Cycles shown on each side of a marked cell when a grid is too wide to show whole. */
const AROUND_MARK = 8;

/**
 * The schedule for people: ranks as rows, cycles as columns. A marked cell gets a `▲ here` below it.
 */
export function printGrid(schedule: Schedule, mark?: GridMark): string {
  const cycles = Math.max(0, ...schedule.ranks.map((cells) => cells.length));
  const first = mark ? Math.max(0, mark.cycle - AROUND_MARK) : 0;
  const end = mark ? Math.min(cycles, mark.cycle + AROUND_MARK + 1) : cycles;
  const columns = Array.from({ length: end - first }, (_, at) => first + at);
  const cells = schedule.ranks.map((row) =>
    columns.map((k) => printCell(row[k] ?? [], schedule.csv?.dialect) || IDLE),
  );
  const widths = columns.map((k, at) => Math.max(String(k).length, ...cells.map((row) => row[at]!.length)));
  const label = (text: string): string => text.padEnd(`rank ${schedule.ranks.length - 1}`.length);
  const line = (name: string, texts: readonly string[]): string =>
    `${label(name)}  ${texts.map((text, at) => text.padEnd(widths[at]!)).join(' ')}`.trimEnd();
  const lines = [line('cycle', columns.map(String)), ...cells.map((row, rank) => line(`rank ${rank}`, row))];
  if (mark) {
    const before = widths.slice(0, mark.cycle - first).reduce((sum, width) => sum + width + 1, 0);
    lines.splice(mark.rank + 2, 0, `${label('')}  ${' '.repeat(before)}▲ here`);
  }
  return lines.join('\n');
}
