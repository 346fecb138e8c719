import { short } from '../../ipu-config/base/json-text.js';
import type { Action } from './action.js';
import { parseAction, printAction } from './action-text.js';
import { ScheduleError } from './errors.js';
import { isCompute, type Dialect } from './op-table.js';
import type { Cell } from './schedule.js';

/**
 * Separates the actions of a cell with several, as PopART's training cycles have them. torch writes one action to
 * a cell and never uses this sign, so its files read as they are.
 */
const WITHIN_CELL = '+';
const OVERLAP = /^\(([^()]*)\)\s*OVERLAP_F_B$/;

/** A cell as torch writes it: `2F0`, `(0F7;7B3)OVERLAP_F_B`, nothing when idle; several actions joined by `+`. */
export function printCell(cell: Cell, dialect: Dialect = 'torch'): string {
  const [only, more] = cell;
  if (only === undefined) return '';
  if (more === undefined) return printAction(only, dialect);
  const parts: string[] = [];
  for (let at = 0; at < cell.length; at++) {
    const pair = [printAction(cell[at]!, dialect)];
    while (cell[at]!.overlapsNext && at + 1 < cell.length) pair.push(printAction(cell[++at]!, dialect));
    parts.push(pair.length === 1 ? pair[0]! : `(${pair.join(';')})OVERLAP_F_B`);
  }
  return parts.join(WITHIN_CELL);
}

/** @throws ScheduleError that names the place and quotes the text */
export function parseCell(text: string, where: string, dialect: Dialect): Cell {
  if (text === '') return [];
  if (!text.includes(WITHIN_CELL) && !text.includes('(')) return [parseAction(text, where, dialect)];
  return text.split(WITHIN_CELL).flatMap((part) => parsePart(part.trim(), where, dialect));
}

function parsePart(text: string, where: string, dialect: Dialect): Action[] {
  if (!text.includes('(')) return [parseAction(text, where, dialect)];
  const [, inside] = OVERLAP.exec(text) ?? [];
  if (inside === undefined) {
    throw new ScheduleError(
      `${where}: "${short(text)}" is no overlapped pair; write it like (0F7;7B3)OVERLAP_F_B.`,
    );
  }
  const actions = inside.split(';').map((part) => parseAction(part.trim(), where, dialect));
  const other = actions.find(({ op }) => !isCompute(op));
  if (actions.length < 2 || other) {
    const why = other ? `${printAction(other, dialect)} computes nothing` : 'it has one action';
    throw new ScheduleError(
      `${where}: "${short(text)}" cannot overlap: ${why}; name two or more of F, B, I and W, like (0F7;7B3)OVERLAP_F_B.`,
    );
  }
  return actions.map((action, at) => (at + 1 < actions.length ? { ...action, overlapsNext: true } : action));
}
