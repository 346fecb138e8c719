import fc from 'fast-check';
import { ScheduleError } from 'ipu-pipeline';
import {
  lower,
  parseCsv,
  printCsv,
  printGrid,
  validateSchedule,
  type Dialect,
  type Schedule,
} from 'ipu-pipeline/schedules';
import { simulate } from 'ipu-pipeline/simulator';
import { describe, expect, it } from 'vitest';
import { anySchedule, computeOf } from './sizes.js';

const inDialect = (schedule: Schedule, dialect: Dialect): string =>
  printCsv({ ...schedule, csv: { dialect, lineEnds: [], cells: new Map(), byteOrderMark: false } });

describe('CSV', () => {
  it('in either dialect, with and without transfers, is read and written back, and means the same', () => {
    fc.assert(
      fc.property(
        anySchedule,
        fc.constantFrom<Dialect>('torch', 'older'),
        fc.boolean(),
        (made, dialect, low) => {
          const schedule = low ? lower(made) : made;
          const text = inDialect(schedule, dialect);
          const read = parseCsv('x.csv', text);
          expect(printCsv(read)).toBe(text);
          expect(read.ranks).toEqual(schedule.ranks);
          expect(read.stageToRank).toEqual(schedule.stageToRank);
        },
      ),
    );
  });

  it('keeps line ends, spaces, quotes, a byte-order mark, blank lines at the end, or no newline at all', () => {
    const field = fc.constantFrom(
      (text: string) => text,
      (text: string) => ` ${text}`,
      (text: string) => `${text}\t `,
      (text: string) => `"${text}"`,
    );
    const looks = fc.record({
      lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
      end: fc.constantFrom('', '\n', '\r\n', '\n\n', '\r\n\r\n\n'),
      fields: fc.array(field, { minLength: 1, maxLength: 7 }),
      mark: fc.constantFrom('', '\uFEFF'),
      dialect: fc.constantFrom<Dialect>('torch', 'older'),
    });
    fc.assert(
      fc.property(anySchedule, looks, (schedule, { lineEnd, end, fields, mark, dialect }) => {
        let at = 0;
        const rows = inDialect(schedule, dialect)
          .trimEnd()
          .split('\n')
          .map((row) => row.split(',').map((cell) => fields[at++ % fields.length]!(cell)));
        const text = mark + rows.map((row) => row.join(',')).join(lineEnd) + end;
        const read = parseCsv('x.csv', text);
        expect(printCsv(read)).toBe(text);
        expect(computeOf(read)).toEqual(computeOf(schedule));
        validateSchedule(read);
      }),
    );
  });

  it('takes any mixture of idle cells and rows that end early', () => {
    const idle = fc.array(fc.nat(3), { minLength: 1, maxLength: 9 });
    fc.assert(
      fc.property(anySchedule, idle, (schedule, gaps) => {
        let at = 0;
        const ranks = schedule.ranks.map((cells) =>
          cells.flatMap((cell) => [...Array.from({ length: gaps[at++ % gaps.length]! }, () => []), cell]),
        );
        const text = printCsv({ ...schedule, ranks });
        const read = parseCsv('x.csv', text);
        expect(printCsv(read)).toBe(text);
        validateSchedule(read);
      }),
    );
  });

  it('of a whole 1F1B schedule as torch lowers it for sharded weights', () => {
    const text =
      '0UNSHARD,0F0,0SEND_F0,0F1,0SEND_F1,0RECV_B0,0B0,0RECV_B1,0B1,0REDUCE_GRAD,0RESHARD\r\n' +
      '1UNSHARD,1RECV_F0,1F0,1RECV_F1,1B0,1SEND_B0,1F1,1B1,1SEND_B1,1REDUCE_GRAD,1RESHARD\r\n';
    const schedule = parseCsv('x.csv', text);
    expect(printCsv(schedule)).toBe(text);
    expect(simulate(schedule, { costNs: (_, op) => (op.length === 1 ? 1 : 0) }).makespanNs).toBe(6);
  });
});

describe('the older dialect', () => {
  const meaning = (text: string) =>
    parseCsv('x.csv', text).ranks.map((cells) => cells.map((cell) => cell[0]?.op));

  it.each([
    ['BW anywhere', '0F0,0BW0,0F1,0B1,0W1\n', ['F', 'B', 'F', 'I', 'W']],
    ['W without I', '0F0,0B0,0W0\n', ['F', 'I', 'W']],
    ['W without I, in pairs', '0F0,(0F1;0B0)OVERLAP_F_B,0B1,0W0,0W1\n', ['F', 'F', 'I', 'W', 'W']],
  ])('is known by %s', (_, text, ops) => {
    expect(meaning(text)).toEqual([ops]);
    expect(printCsv(parseCsv('x.csv', text))).toBe(text);
  });

  it.each([
    ['B alone', '0F0,0B0\n', ['F', 'B']],
    ['I and W', '0F0,0I0,0W0\n', ['F', 'I', 'W']],
    ['all three', '0F0,0B0,0F1,0I1,0W1\n', ['F', 'B', 'F', 'I', 'W']],
    ['SEND_B', '0F0,1F0,1B0,1SEND_B0,0RECV_B0,0B0\n', ['F', 'F', 'B', 'SEND_B', 'RECV_B', 'B']],
  ])('is not suspected for %s', (_, text, ops) => {
    expect(meaning(text)).toEqual([ops]);
  });

  it('is spoken in the grid and in messages', () => {
    const text = '0F0,0BW0,0F1,0B1,0W1\n';
    expect(printGrid(parseCsv('x.csv', text))).toContain('0F0 0BW0 0F1 0B1 0W1');
    const incomplete = () => validateSchedule(parseCsv('x.csv', '0F0,0BW0,0F1\n'));
    expect(incomplete).toThrow('0BW1 is missing on rank 0');
  });

  it('does not mix with the newer one', () => {
    expect(() => parseCsv('x.csv', '0F0,0BW0,0F1,0I1,0W1\n')).toThrow(
      /row 1, column 4: "0I1" does not go with BW/,
    );
  });
});

describe('cells that are wrong', () => {
  it.each(['x', '9', '0F', '0F0F', '(', '0UNSHARD'])(
    'quotes of "%s" and much more the beginning',
    (start) => {
      const text = `0F0,${start.padEnd(100_000, '7')}\n`;
      const error = thrownBy(() => parseCsv('x.csv', text));
      expect(error).toBeInstanceOf(ScheduleError);
      expect((error as Error).message.length).toBeLessThan(600);
    },
  );

  it.each([
    ['0F0,0F', '"0F" has no micro-batch'],
    ['0F0,0UNSHARD0', 'write 0UNSHARD'],
    ['0F0,(0F1;0B0', 'no overlapped pair'],
    ['0F0,(0F1;0B0)OVERLAP', 'write it like (0F7;7B3)OVERLAP_F_B'],
    ['0F0,(0F1)OVERLAP_F_B', 'it has one action'],
    ['0F0,(0F1;0SEND_F0)OVERLAP_F_B', '0SEND_F0 computes nothing'],
    ['0F0,0SEND_F_RECV_B0', 'the op SEND_F_RECV_B of "0SEND_F_RECV_B0" does not exist'],
    ['999999999999F0', 'no row has an action of stage 0'],
    ['0f0', 'is no action'],
  ])('%s', (text, message) => {
    expect(() => parseCsv('x.csv', text)).toThrow(ScheduleError);
    expect(() => parseCsv('x.csv', text)).toThrow(message);
  });

  it.each([
    ['0F999999999999', 'incomplete: 0F0 is missing'],
    ['0F0,0SEND_F0,0F1,0SEND_F1\n1RECV_F0,1F0,1F1', 'incomplete: 1RECV_F1 is missing on rank 1'],
    ['0F0,0SEND_F0\n1F0', 'incomplete: 1RECV_F0 is missing'],
    ['0F0,0SEND_F0,0B0\n1RECV_F0,1F0,1B0', 'incomplete: 0RECV_B0 is missing'],
    ['0F0\n1F0,1SEND_F0', '1SEND_F0 has no stage to exchange with'],
    ['0RECV_F0,0F0', '0RECV_F0 has no stage to exchange with'],
    ['0F0,0B0,0I0', '0I0 is half of a backward that 0B0 does as a whole'],
    ['0F0,0I0\n1F0,1I0,1W0', 'incomplete: 0W0 is missing'],
    ['0UNSHARD,0F0,0UNSHARD', '0UNSHARD gathers weights that are gathered already'],
    ['0UNSHARD,0RESHARD,0F0', '0F0 needs the weights of stage 0'],
    ['0RESHARD,0F0', '0RESHARD drops weights that no UNSHARD gathers'],
    ['0F0,0B0,0REDUCE_GRAD,0F1,0B1', 'waits for 0B1, later in its own row, in cycle 4'],
  ])('%s', (text, message) => {
    const validate = () => validateSchedule(parseCsv('x.csv', text));
    expect(validate).toThrow(ScheduleError);
    expect(validate).toThrow(message);
    expect(validate).toThrow(/▲ here/);
  });
});

function thrownBy(run: () => unknown): unknown {
  try {
    return run();
  } catch (error) {
    return error;
  }
}
