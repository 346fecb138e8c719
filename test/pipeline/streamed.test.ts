import fc from 'fast-check';
import {
  fillDrain,
  nextInStream,
  parseCsv,
  printAction,
  printCsv,
  runOrder,
  scheduleByName,
  streamed,
  validateSchedule,
  type Schedule,
} from 'ipu-pipeline/schedules';
import { inputRow } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { anySchedule } from './sizes.js';

const text = (schedule: Schedule) => printCsv(schedule).split('\n').slice(0, -1);

/** What a cursor passes on its way through one rank's row. */
function walk(schedule: Schedule, rank: number, total: number): string[] {
  const row = { actions: schedule.ranks[rank]!.flat(), callSize: schedule.microBatches };
  const passed = [];
  for (let next = nextInStream(row, 0, total); next; next = nextInStream(row, next.at + 1, total)) {
    passed.push(printAction(next.action));
  }
  return passed;
}

describe('a stream of calls', () => {
  it('is one call after another, cut where the input ends', () => {
    const call = fillDrain({ stages: 2, microBatches: 2 });
    expect(text(call)).toEqual(['0F0,0F1,', ',1F0,1F1']);
    expect(text(streamed(call, 4))).toEqual(['0F0,0F1,,0F2,0F3,', ',1F0,1F1,,1F2,1F3']);
    expect(text(streamed(call, 3))).toEqual(['0F0,0F1,,0F2,', ',1F0,1F1,,1F2']);
    expect(text(streamed(call, 1))).toEqual(['0F0,', ',1F0']);
  });

  it('has an update after each call', () => {
    const call = parseCsv('x.csv', '0F0,0F1,,0B0,,0B1,0UPDATE\n,1F0,1B0,1F1,1B1,1UPDATE,\n');
    const two = streamed(call, 4);
    validateSchedule(two);
    const stage = runOrder(two).order.filter((action) => action.stage === 0);
    expect(stage.map((action) => printAction(action)).join()).toBe(
      '0F0,0F1,0B0,0B1,0UPDATE,0F2,0F3,0B2,0B3,0UPDATE',
    );
    expect(stage.filter(({ op }) => op === 'UPDATE').map(({ microBatch }) => microBatch)).toEqual([-1, -2]);
    validateSchedule(streamed(call, 3));
  });

  it('is right, and the same as what a cursor of one number gives each rank', () => {
    fc.assert(
      fc.property(anySchedule, fc.integer({ min: 1, max: 30 }), (call, microBatches) => {
        const stream = streamed(call, microBatches);
        expect(stream.microBatches).toBe(microBatches);
        validateSchedule(stream);
        stream.ranks.forEach((cells, rank) => {
          expect(cells.flat().map((action) => printAction(action))).toEqual(walk(call, rank, microBatches));
        });
      }),
      { numRuns: 60 },
    );
  });

  it('takes the inputs in the order of stage 0, wherever that is', () => {
    const call = parseCsv('x.csv', '1F1,1F0\n0F1,0F0\n');
    const row = inputRow(call);
    expect(row.actions.map(({ microBatch }) => microBatch)).toEqual([1, 0]);
    const order = [];
    for (let at = nextInStream(row, 0, 3); at; at = nextInStream(row, at.at + 1, 3)) {
      order.push(at.action.microBatch);
    }
    expect(order).toEqual([1, 0, 2]);
    expect(nextInStream(row, 5, Infinity)).toMatchObject({ at: 5, action: { microBatch: 4 } });
    expect(inputRow(scheduleByName('zbv')({ stages: 4, microBatches: 3 })).actions).toHaveLength(3);
  });
});
