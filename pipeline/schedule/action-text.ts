import { isOfWholeStage, OPS, WHOLE_STAGE, type Action, type Op } from './action.js';
import { ScheduleError } from './errors.js';

/**
 * How the backward is written. `torch`: B whole, I and W its halves. `older` (torch 2.5 and before): B is the
 * input half and BW the whole.
 */
export type Dialect = 'torch' | 'older';

/** torch.distributed.pipelining's form: stage, op, micro-batch: `2F0`, `1SEND_F3`; `2UNSHARD` has no micro-batch. */
const FORM = /^(\d+)([A-Z][A-Z_]*?)(\d*)$/;

const OLDER_TEXT: Partial<Record<Op, string>> = { B: 'BW', I: 'B' };
const OLDER_OPS: Readonly<Record<string, string>> = { BW: 'B', B: 'I' };

export function printAction({ stage, op, microBatch }: Action, dialect: Dialect = 'torch'): string {
  const text = dialect === 'older' ? (OLDER_TEXT[op] ?? op) : op;
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
      `${where}: "${text}" is no action; write stage, op and micro-batch, like 2F0. Ops are ${opList(dialect)}.`,
    );
  }
  const op = parseOp(written, text, where, dialect);
  if (isOfWholeStage(op)) {
    if (microBatch === '') return { stage: count(stage, text, where), op, microBatch: WHOLE_STAGE };
    throw new ScheduleError(
      `${where}: "${text}" names a micro-batch, but ${op} is of the whole stage; write ${stage}${op}.`,
    );
  }
  if (microBatch === '') {
    throw new ScheduleError(
      `${where}: "${text}" has no micro-batch; write it last, like ${stage}${written}0.`,
    );
  }
  return { stage: count(stage, text, where), op, microBatch: count(microBatch, text, where) };
}

function parseOp(written: string, text: string, where: string, dialect: Dialect): Op {
  if (dialect === 'older' && written === 'I') {
    throw new ScheduleError(
      `${where}: "${text}" does not go with BW, which stands elsewhere in the file: write the input half as I and ` +
        'the whole backward as B, or in the older way as B and BW, but not both.',
    );
  }
  const op = dialect === 'older' ? (OLDER_OPS[written] ?? written) : written;
  if (isOp(op)) return op;
  throw new ScheduleError(
    `${where}: the op ${written} of "${text}" does not exist; ops are ${opList(dialect)}.`,
  );
}

function opList(dialect: Dialect): string {
  return OPS.map((op) => (dialect === 'older' ? (OLDER_TEXT[op] ?? op) : op)).join(', ');
}

function isOp(text: string): text is Op {
  return (OPS as readonly string[]).includes(text);
}

function count(digits: string, text: string, where: string): number {
  const value = Number(digits);
  if (Number.isSafeInteger(value)) return value;
  throw new ScheduleError(`${where}: the number ${digits} of "${text}" is too large.`);
}
