import type { Action } from './action.js';
import { parseAction, printAction } from './action-text.js';
import { ScheduleError } from './errors.js';
import type { Cell, Schedule } from './schedule.js';

/**
 * Separates the actions of a cell with several, as PopART's training cycles have them. torch writes one action to
 * a cell and never uses this sign, so its files read as they are.
 */
const WITHIN_CELL = '+';

/**
 * One row per rank, one column per cycle, an empty cell where the rank is idle: the CSV that
 * torch.distributed.pipelining writes. Ends with a newline.
 */
export function printCsv({ ranks }: Schedule): string {
  return ranks.map((cells) => `${cells.map(printCell).join(',')}\n`).join('');
}

export function printCell(cell: Cell): string {
  return cell.map(printAction).join(WITHIN_CELL);
}

/**
 * Reads such a CSV. Stages, micro-batches and the rank of each stage follow from the actions.
 * @throws ScheduleError that names row and column (both from 1), quotes the cell and says what would be right
 */
export function parseCsv(name: string, text: string): Schedule {
  const rows = text.replace(/\r\n?/g, '\n').replace(/\n$/, '').split('\n');
  const ranks = rows.map((row, rank) =>
    row.split(',').map((cell, k) => parseCell(cell.trim(), `${name}, row ${rank + 1}, column ${k + 1}`)),
  );
  const actions = ranks.flatMap((cells, rank) =>
    cells.flatMap((cell) => cell.map((action) => ({ action, rank }))),
  );
  if (actions.length === 0)
    throw new ScheduleError(`${name} has no action: write one row per rank, like 0F0,0F1.`);
  const stages = Math.max(...actions.map(({ action }) => action.stage)) + 1;
  const microBatches = Math.max(...actions.map(({ action }) => action.microBatch)) + 1;
  return { name, stages, microBatches, stageToRank: owners(name, stages, actions), ranks };
}

function parseCell(text: string, where: string): Cell {
  return text === '' ? [] : text.split(WITHIN_CELL).map((part) => parseAction(part.trim(), where));
}

function owners(name: string, stages: number, actions: { action: Action; rank: number }[]): number[] {
  const owner = new Array<number | undefined>(stages).fill(undefined);
  for (const { action, rank } of actions) {
    const before = (owner[action.stage] ??= rank);
    if (before !== rank) {
      throw new ScheduleError(
        `${name}: stage ${action.stage} has actions in row ${before + 1} and, with ${printAction(action)}, in row ` +
          `${rank + 1}; a stage belongs to one rank.`,
      );
    }
  }
  return owner.map((rank, stage) => {
    if (rank !== undefined) return rank;
    throw new ScheduleError(
      `${name}: no row has an action of stage ${stage}, though there are ${stages} stages.`,
    );
  });
}
