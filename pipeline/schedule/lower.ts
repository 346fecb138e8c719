import type { Action } from './action.js';
import { printAction } from './action-text.js';
import { ScheduleError } from './errors.js';
import { isCompute, isTransfer, OP_TABLE, TRANSFER } from './op-table.js';
import { Progress } from './progress.js';
import { rankRows, unitLength } from './rank-rows.js';
import { firstWait } from './run-order.js';
import type { Cell, Schedule } from './schedule.js';
import { printGrid } from './schedule-grid.js';
import { validateSchedule } from './validate.js';

/**
 * Writes the transfers out: a SEND after each action whose result another rank needs, and the RECV in the other
 * rank's row at the time of the SEND. Every two ranks thus agree on the order of what goes between them. Stages on
 * one rank hand over by themselves. Idle cells are dropped: a rank runs as fast as it can.
 *
 *     0F0,0F1,0B0,0B1      →   0F0,0SEND_F0,0F1,0SEND_F1,0RECV_B0,0B0,…
 *     ,1F0,1B0,1F1,1B1         1RECV_F0,1F0,1RECV_F1,1B0,1SEND_B0,…
 *
 * @throws ScheduleError when the schedule is wrong, or has transfers already
 */
export function lower(schedule: Schedule): Schedule {
  refuseTransfers(schedule);
  validateSchedule(schedule);
  const facts = rankRows(schedule);
  const progress = new Progress(schedule, {}, facts);
  const positions = facts.rows.map(() => 0);
  const ranks = facts.rows.map((): Cell[] => []);
  for (let moved = true; moved;) {
    moved = false;
    facts.rows.forEach((row, rank) => {
      const at = positions[rank]!;
      if (at === row.actions.length) return;
      const end = at + unitLength(row, at);
      if (firstWait(row, at, end, progress)) return;
      const unit = row.actions.slice(at, end);
      ranks[rank]!.push(unit);
      for (const action of unit) {
        progress.begin(action);
        progress.end(action);
        transferOf(schedule, action).forEach((transfer) => {
          ranks[schedule.stageToRank[transfer.stage]!]!.push([transfer]);
        });
      }
      positions[rank] = end;
      moved = true;
    });
  }
  const { csv, ...rest } = schedule;
  // The rows are others now: of the file's layout only the dialect and the kind of line end are left.
  const layout = csv && { ...csv, cells: new Map() };
  return { ...rest, ranks, ...(layout ? { csv: layout } : {}) };
}

/** The SEND of an action's result and its RECV; none within a rank and at the ends of the pipeline. */
function transferOf({ stages, stageToRank }: Schedule, { stage, op, microBatch }: Action): Action[] {
  const { moves, neighbour } = OP_TABLE[op];
  const to = stage + neighbour;
  if (moves === undefined || !isCompute(op) || to < 0 || to === stages) return [];
  if (stageToRank[to] === stageToRank[stage]) return [];
  const { send, receive } = TRANSFER[moves];
  return [
    { stage, op: send, microBatch },
    { stage: to, op: receive, microBatch },
  ];
}

function refuseTransfers(schedule: Schedule): void {
  schedule.ranks.forEach((cells, rank) => {
    cells.forEach((cell, cycle) => {
      const transfer = cell.find(({ op }) => isTransfer(op));
      if (transfer === undefined) return;
      throw new ScheduleError(
        `the schedule ${schedule.name} has its transfers already (${printAction(transfer)}): it cannot be lowered ` +
          `again.\n${printGrid(schedule, { rank, cycle })}`,
      );
    });
  });
}
