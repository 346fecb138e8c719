import { short } from '../../ipu-config/base/json-text.js';
import { WHOLE_STAGE, type Action } from './action.js';
import { ScheduleError } from './errors.js';
import { BACKWARD, isOfWholeStage, OP_TABLE, OPS, type Dialect, type Op } from './op-table.js';

/** torch.distributed.pipelining's form: stage, op, micro-batch: `2F0`, `1SEND_F3`; `2UNSHARD` has no micro-batch. */
const FORM = /^(\d+)([A-Z][A-Z_]*?)(\d*)$/;

export function printAction({ stage, op, microBatch }: Action, dialect: Dialect = 'torch'): string {
  const text = OP_TABLE[op].text[dialect];
  return isOfWholeStage(op) ? `${stage}${text}` : `${stage}${text}${microBatch}`;
}

/**
 * @param where named in messages: `row 2, column 5`
 * @throws ScheduleError that quotes the text and says what would be right
 */
export function parseAction(text: string, where: string, dialect: Dialect = 'torch'): Action {
  const [, stage, written = '', microBatch = ''] = FORM.exec(text) ?? [];
  if (stage === undefined) {
    throw new ScheduleError(
      `${where}: "${short(text)}" is no action; write stage, op and micro-batch, like 2F0. Ops are ${opList(dialect)}.`,
    );
  }
  const op = parseOp(written, text, where, dialect);
  if (isOfWholeStage(op)) {
    if (microBatch === '') return { stage: count(stage, text, where), op, microBatch: WHOLE_STAGE };
    throw new ScheduleError(
      `${where}: "${short(text)}" names a micro-batch, but ${op} is of the whole stage; write ${stage}${op}.`,
    );
  }
  if (microBatch === '') {
    throw new ScheduleError(
      `${where}: "${short(text)}" has no micro-batch; write it last, like ${stage}${written}0.`,
    );
  }
  return { stage: count(stage, text, where), op, microBatch: count(microBatch, text, where) };
}

function parseOp(written: string, text: string, where: string, dialect: Dialect): Op {
  const op = OPS.find((each) => OP_TABLE[each].text[dialect] === written);
  if (op !== undefined) return op;
  const [input, whole] = [OP_TABLE[BACKWARD.input].text, OP_TABLE[BACKWARD.whole].text];
  if (written === input.torch) {
    throw new ScheduleError(
      `${where}: "${short(text)}" does not go with ${whole.older}, which stands elsewhere in the file: write the input half ` +
        `as ${input.torch} and the whole backward as ${whole.torch}, or in the older way as ${input.older} and ` +
        `${whole.older}, but not both.`,
    );
  }
  throw new ScheduleError(
    `${where}: the op ${short(written)} of "${short(text)}" does not exist; ops are ${opList(dialect)}.`,
  );
}

function opList(dialect: Dialect): string {
  return OPS.map((op) => OP_TABLE[op].text[dialect]).join(', ');
}

function count(digits: string, text: string, where: string): number {
  const value = Number(digits);
  if (Number.isSafeInteger(value)) return value;
  throw new ScheduleError(`${where}: the number ${short(digits)} of "${short(text)}" is too large.`);
}
