import { printAction } from './action-text.js';
import { parseCell, printCell } from './cell-text.js';
import { cellKey, dialectOf, fieldText, splitCsv, type CsvLayout, type WrittenCell } from './csv-layout.js';
import { ScheduleError } from './errors.js';
import type { Cell, Schedule } from './schedule.js';

/**
 * One row per rank, one column per cycle, an empty cell where the rank is idle: the CSV that
 * torch.distributed.pipelining writes. A schedule that was read from a file is written as the file was: its
 * dialect, line ends and spacing; any other ends its lines with a newline.
 */
export function printCsv({ ranks, csv }: Schedule): string {
  const lines = ranks.map((cells, rank) => {
    const row = cells.map((cell, cycle) => {
      const usual = printCell(cell, csv?.dialect);
      const kept = csv?.cells.get(cellKey(rank, cycle));
      return kept?.usual === usual ? kept.written : usual;
    });
    return `${row.join(',')}${csv?.lineEnds[rank] ?? '\n'}`;
  });
  const blankLines = csv?.lineEnds.slice(ranks.length).join('') ?? '';
  return `${csv?.byteOrderMark ? '\uFEFF' : ''}${lines.join('')}${blankLines}`;
}

/**
 * Reads such a CSV, in either dialect. Stages, micro-batches and the rank of each stage follow from the actions.
 * Blank lines at the end are no ranks.
 * @throws ScheduleError that names row and column (both from 1), quotes the cell and says what would be right
 */
export function parseCsv(name: string, text: string): Schedule {
  const byteOrderMark = text.startsWith('\uFEFF');
  const lines = splitCsv(byteOrderMark ? text.slice(1) : text);
  const dialect = dialectOf(text);
  const cells = new Map<string, WrittenCell>();
  const lastRow = lines.findLastIndex(({ fields }) => fields.length > 1 || fields[0] !== '');
  const ranks = lines.slice(0, lastRow + 1).map(({ fields }, rank) =>
    fields.map((field, cycle) => {
      const cell = parseCell(fieldText(field), `${name}, row ${rank + 1}, column ${cycle + 1}`, dialect);
      const usual = printCell(cell, dialect);
      if (usual !== field) cells.set(cellKey(rank, cycle), { usual, written: field });
      return cell;
    }),
  );
  const csv: CsvLayout = { dialect, lineEnds: lines.map(({ end }) => end), cells, byteOrderMark };
  return { name, ...shapeOf(name, ranks, csv), ranks, csv };
}

function shapeOf(
  name: string,
  ranks: readonly (readonly Cell[])[],
  { dialect }: CsvLayout,
): Pick<Schedule, 'stages' | 'microBatches' | 'stageToRank'> {
  const owner = new Map<number, number>();
  let [lastStage, lastMicroBatch] = [-1, -1];
  ranks.forEach((cells, rank) => {
    for (const action of cells.flat()) {
      lastStage = Math.max(lastStage, action.stage);
      lastMicroBatch = Math.max(lastMicroBatch, action.microBatch);
      const before = owner.get(action.stage) ?? rank;
      owner.set(action.stage, before);
      if (before === rank) continue;
      throw new ScheduleError(
        `${name}: stage ${action.stage} has actions in row ${before + 1} and, with ` +
          `${printAction(action, dialect)}, in row ${rank + 1}; a stage belongs to one rank.`,
      );
    }
  });
  if (lastMicroBatch < 0)
    throw new ScheduleError(`${name} has no action: write one row per rank, like 0F0,0F1.`);
  if (owner.size <= lastStage) {
    let absent = 0;
    while (owner.has(absent)) absent++;
    throw new ScheduleError(
      `${name}: no row has an action of stage ${absent}, though there are ${lastStage + 1} stages.`,
    );
  }
  const stageToRank = Array.from({ length: lastStage + 1 }, (_, stage) => owner.get(stage)!);
  return { stages: lastStage + 1, microBatches: lastMicroBatch + 1, stageToRank };
}
