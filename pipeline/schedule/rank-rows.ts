import type { Action } from './action.js';
import { linkOf, OP_LIST, OP_TABLE, OPS, type Op, type OpFacts } from './op-table.js';
import type { Schedule } from './schedule.js';

/** A rank's actions in their order, without the idle cells. */
export interface RankRow {
  readonly actions: readonly Action[];
  /** `cycles[a]` is where action a stands. */
  readonly cycles: Int32Array;
  /** `ops[a]` is the number of its op, in `OPS` and `OP_LIST`. */
  readonly ops: Uint8Array;
}

/** What is known of the op of action a of a row. */
export function opAt({ ops }: RankRow, at: number): OpFacts {
  return OP_LIST[ops[at]!]!;
}

/** A schedule in the form in which it is checked and run: made once, in one pass. */
export interface RankRows {
  readonly rows: readonly RankRow[];
  /** The ops that it has anywhere. */
  readonly ops: ReadonlySet<Op>;
  /**
   * Which links (0 … n) it sends over by actions of its own. If it does so anywhere, then between all ranks;
   * between two stages of one rank only where its actions say so.
   */
  readonly communicates: readonly boolean[];
}

export function rankRows(schedule: Schedule): RankRows {
  const { stages, stageToRank } = schedule;
  let seen = 0;
  const named = new Set<number>();
  const rows = schedule.ranks.map((cells) => {
    let length = 0;
    for (const cell of cells) length += cell.length;
    const actions = new Array<Action>(length);
    const cycles = new Int32Array(length);
    const ops = new Uint8Array(length);
    let at = 0;
    for (let cycle = 0; cycle < cells.length; cycle++) {
      const cell = cells[cycle]!;
      for (let each = 0; each < cell.length; each++) {
        const action = cell[each]!;
        const { bit, index, counterpart } = OP_TABLE[action.op];
        seen |= bit;
        if (counterpart !== undefined) named.add(linkOf(action.op, action.stage)!);
        actions[at] = action;
        ops[at] = index;
        cycles[at++] = cycle;
      }
    }
    return { actions, cycles, ops };
  });
  const communicates = Array.from({ length: stages + 1 }, (_, link) => {
    if (link === 0 || link >= stages || named.size === 0) return false;
    return named.has(link) || stageToRank[link - 1] !== stageToRank[link];
  });
  return { rows, ops: new Set(OPS.filter((_, at) => seen & (1 << at))), communicates };
}

/**
 * How many actions begin together at `at`: 1, or those of an overlapped pair. Actions of one micro-batch need each
 * other's results, so that they run one after another whatever the schedule says.
 */
export function unitLength({ actions, cycles }: RankRow, at: number): number {
  if (actions[at]!.overlapsNext === undefined) return 1;
  const microBatches = new Set<number>();
  for (let end = at; ; end++) {
    const { microBatch, overlapsNext } = actions[end]!;
    if (microBatches.has(microBatch)) return 1;
    microBatches.add(microBatch);
    if (overlapsNext === undefined || cycles[end + 1] !== cycles[at]) return end + 1 - at;
  }
}
