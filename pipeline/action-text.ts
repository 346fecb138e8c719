import { OPS, type Action, type Op } from './action.js';
import { ScheduleError } from './errors.js';

/** torch.distributed.pipelining's form: stage, op, micro-batch: `2F0`, `1SEND_F3`. */
const FORM = /^(\d+)([A-Z][A-Z_]*?)(\d+)$/;

/** Ops that torch.distributed.pipelining writes and this program does not know yet. */
const NOT_YET = new Set(['UNSHARD', 'RESHARD', 'REDUCE_GRAD', 'OVERLAP_F_B']);

export function printAction({ stage, op, microBatch }: Action): string {
  return `${stage}${op}${microBatch}`;
}

/**
 * @param where named in messages: `row 2, column 5`
 * @throws ScheduleError that quotes the text and says what would be right
 */
export function parseAction(text: string, where: string): Action {
  const [, stage, op = '', microBatch] = FORM.exec(text) ?? [];
  if (stage === undefined || microBatch === undefined) {
    throw new ScheduleError(
      `${where}: "${text}" is no action; write stage, op and micro-batch, like 2F0. Ops are ${OPS.join(', ')}.`,
    );
  }
  if (!isOp(op)) {
    const why = NOT_YET.has(op) ? 'is not supported yet' : 'does not exist';
    throw new ScheduleError(`${where}: the op ${op} of "${text}" ${why}; ops are ${OPS.join(', ')}.`);
  }
  return { stage: count(stage, text, where), op, microBatch: count(microBatch, text, where) };
}

function isOp(text: string): text is Op {
  return (OPS as readonly string[]).includes(text);
}

function count(digits: string, text: string, where: string): number {
  const value = Number(digits);
  if (Number.isSafeInteger(value)) return value;
  throw new ScheduleError(`${where}: the number ${digits} of "${text}" is too large.`);
}
