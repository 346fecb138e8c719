import { ScheduleError } from 'ipu-pipeline';
import { OPS, parseCsv, printCsv, runOrder, validateSchedule } from 'ipu-pipeline/schedules';
import { OP_TABLE } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';

describe('the op table', () => {
  it('pairs each transfer with its other end: same matter, other way', () => {
    for (const op of OPS) {
      const { counterpart, moves, neighbour, kind } = OP_TABLE[op];
      expect(counterpart !== undefined).toBe(kind === 'send' || kind === 'receive');
      if (counterpart === undefined) continue;
      const other = OP_TABLE[counterpart];
      expect(other.counterpart).toBe(op);
      expect(other.moves).toBe(moves);
      expect(other.neighbour).toBe(-neighbour);
      expect(other.kind).not.toBe(kind);
    }
  });

  it('gives each op a text of its own in each dialect, and a bit of its own', () => {
    for (const dialect of ['torch', 'older'] as const) {
      expect(new Set(OPS.map((op) => OP_TABLE[op].text[dialect])).size).toBe(OPS.length);
    }
    expect(OPS.reduce((all, op) => all | OP_TABLE[op].bit, 0)).toBe(2 ** OPS.length - 1);
  });
});

describe('an update', () => {
  const text = '0F0,,,0B0,0REDUCE_GRAD,0UPDATE\n,1F0,1B0,1UPDATE\n';

  it('is of a whole stage, is written so, and comes after every backward of the stage', () => {
    const schedule = parseCsv('x.csv', text);
    expect(printCsv(schedule)).toBe(text);
    validateSchedule(schedule);
    expect(runOrder(schedule).order.at(-1)).toEqual({ stage: 0, op: 'UPDATE', microBatch: -1 });
  });

  it.each([
    ['0F0,0UPDATE,0B0', 'waits for 0B0, later in its own row'],
    ['0F0,0B0,0UPDATE\n1F0,1B0', '1UPDATE is missing on rank 1'],
    ['0F0,0B0,0UPDATE,0UPDATE', '0UPDATE updates weights that are updated already'],
    ['0F0,0B0,0UPDATE,0REDUCE_GRAD', '0REDUCE_GRAD sums gradients that have been used for an update already'],
  ])('%s', (csv, message) => {
    expect(() => validateSchedule(parseCsv('x.csv', csv))).toThrow(ScheduleError);
    expect(() => validateSchedule(parseCsv('x.csv', csv))).toThrow(message);
  });
});
