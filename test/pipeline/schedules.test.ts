import fc from 'fast-check';
import { InputError, ScheduleError } from 'ipu-pipeline';
import {
  fillDrain,
  parseCsv,
  printAction,
  printCsv,
  printGrid,
  scheduleByName,
  sequential,
  truncate,
  validateSchedule,
  type Schedule,
} from 'ipu-pipeline/schedules';
import { describe, expect, it } from 'vitest';

const size = fc.record({
  stages: fc.integer({ min: 1, max: 8 }),
  microBatches: fc.integer({ min: 1, max: 12 }),
});
/** Stages dealt to ranks in any way, as long as no rank number is left out. */
const placed = size.chain(({ stages, microBatches }) =>
  fc.integer({ min: 1, max: stages }).map((ranks) => ({
    stages,
    microBatches,
    stageToRank: Array.from({ length: stages }, (_, j) => j % ranks),
  })),
);

describe('fill–drain', () => {
  it('is the lockstep diagram', () => {
    expect(printGrid(fillDrain({ stages: 3, microBatches: 4 }))).toBe(
      [
        'cycle   0   1   2   3   4   5',
        'rank 0  0F0 0F1 0F2 0F3 ·   ·',
        'rank 1  ·   1F0 1F1 1F2 1F3 ·',
        'rank 2  ·   ·   2F0 2F1 2F2 2F3',
      ].join('\n'),
    );
  });

  it('puts both stages of a shared rank into one cycle', () => {
    const schedule = fillDrain({ stages: 3, microBatches: 2, stageToRank: [0, 1, 0] });
    expect(printCsv(schedule)).toBe('0F0,0F1,2F0,2F1\n,1F0,1F1,\n');
    const short = fillDrain({ stages: 3, microBatches: 3, stageToRank: [0, 1, 0] });
    expect(printCsv(short)).toBe('0F0,0F1,0F2+2F0,2F1,2F2\n,1F0,1F1,1F2,\n');
  });
});

describe('sequential', () => {
  it('has one stage at work in each cycle', () => {
    expect(printCsv(sequential({ stages: 3, microBatches: 2 }))).toBe(
      '0F0,,,0F1,,\n,1F0,,,1F1,\n,,2F0,,,2F1\n',
    );
  });
});

describe.each(['fill-drain', 'sequential'])('%s', (name) => {
  const generate = scheduleByName(name);

  it('is valid for every size and placement', () => {
    fc.assert(fc.property(placed, (given) => validateSchedule(generate(given))));
  });

  it('does each micro-batch once at each stage, in order', () => {
    fc.assert(
      fc.property(placed, ({ stages, microBatches, stageToRank }) => {
        const { ranks } = generate({ stages, microBatches, stageToRank });
        for (let j = 0; j < stages; j++) {
          const row = ranks[stageToRank[j]!]!.flat().filter(({ stage }) => stage === j);
          expect(row.map(({ microBatch }) => microBatch)).toEqual(
            Array.from({ length: microBatches }, (_, i) => i),
          );
        }
      }),
    );
  });

  it('survives printing and parsing', () => {
    fc.assert(
      fc.property(placed, (given) => {
        const csv = printCsv(generate(given));
        expect(printCsv(parseCsv('x.csv', csv))).toBe(csv);
        expect(parseCsv('x.csv', csv).ranks).toEqual(generate(given).ranks);
      }),
    );
  });

  it('cut short is the schedule of fewer micro-batches', () => {
    fc.assert(
      fc.property(placed, fc.nat(12), (given, drop) => {
        const left = Math.max(1, given.microBatches - drop);
        expect(truncate(generate(given), left)).toEqual(generate({ ...given, microBatches: left }));
      }),
    );
  });
});

describe('schedules from text', () => {
  it('keep rows of different length, empty rows and odd spacing of their ends', () => {
    for (const csv of ['0F0,0F1\n,1F0,1F1\n', '0F0,,0F1,,\n,1F0,,1F1\n', '0F0,1F0\n\n']) {
      const schedule = parseCsv('x.csv', csv);
      validateSchedule(schedule);
      expect(printCsv(schedule)).toBe(csv);
    }
  });

  it('may have backward passes and communication', () => {
    const csv = '0F0,0SEND_F0,,0RECV_B0,0B0\n,1RECV_F0,1F0+1B0,1SEND_B0,\n';
    validateSchedule(parseCsv('x.csv', csv));
    validateSchedule(parseCsv('x.csv', '0F0,0F1,,0I0,0W0,0I1,0W1\n,1F0,1I0,1F1,1I1,1W0,1W1\n'));
  });

  it.each([
    ['0F0,hello', 'row 1, column 2: "hello" is no action'],
    ['0F0\n1X0', 'row 2, column 1: the op X of "1X0" does not exist'],
    ['0F0,0UNSHARD1', 'names a micro-batch, but UNSHARD is of the whole stage; write 0UNSHARD'],
    ['', 'has no action'],
    ['0F0\n0F1', 'stage 0 has actions in row 1 and, with 0F1, in row 2'],
    ['0F0\n2F0', 'no row has an action of stage 1'],
    [`0F${'9'.repeat(30)}`, 'too large'],
  ])('is refused: %j', (csv, message) => {
    expect(() => parseCsv('x.csv', csv)).toThrow(ScheduleError);
    expect(() => parseCsv('x.csv', csv)).toThrow(message);
  });

  it.each([
    ['0F0,0F0\n,1F0\n', '0F0 stands in cycle 0 already'],
    ['0F0,0F1\n,1F0\n', 'incomplete: 1F1 is missing on rank 1'],
    ['0F0,0B0\n1F0\n', 'incomplete: 1B0 is missing on rank 1'],
    ['0F0,0I0\n1F0,1I0\n', 'incomplete: 0W0 is missing'],
  ])('is invalid: %j', (csv, message) => {
    expect(() => validateSchedule(parseCsv('x.csv', csv))).toThrow(message);
  });

  it('explains a deadlock: who waits for whom, and where', () => {
    // Rank 0 wants the gradient of micro-batch 0 before it sends micro-batch 1, rank 1 the other way round.
    const csv = '0F0,0B0,0F1,0B1\n1F0,1F1,1B0,1B1\n';
    const message = messageOf(() => validateSchedule(parseCsv('x.csv', csv)));
    expect(message).toContain('never ends');
    expect(message).toContain('rank 0 stops at 0B0 (cycle 1), which waits for 1B0 of rank 1');
    expect(message).toContain('rank 1 stops at 1F1 (cycle 1), which waits for 0F1 of rank 0');
    expect(message).toMatch(/rank 0 .*0B0.*\n {8,}▲ here/);
  });

  it('points at the offending cell', () => {
    const schedule: Schedule = { ...parseCsv('x.csv', '0F0,0F1\n1F0,1F1\n'), stageToRank: [1, 1] };
    const message = messageOf(() => validateSchedule(schedule));
    expect(message).toContain('0F0 is on rank 0, but stage 0 is on rank 1');
    expect(message).toMatch(/rank 0 {2}0F0 0F1\n {8}▲ here\nrank 1/);
  });
});

describe('the registry', () => {
  it('names what there is', () => {
    expect(() => scheduleByName('no-such')).toThrow(InputError);
    expect(() => scheduleByName('no-such')).toThrow('fill-drain, sequential');
  });

  it('prints actions as torch does', () => {
    expect(printAction({ stage: 2, op: 'SEND_F', microBatch: 10 })).toBe('2SEND_F10');
  });
});

function messageOf(run: () => void): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}
