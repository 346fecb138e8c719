import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { InputError } from 'ipu-pipeline';
import {
  peakActivations,
  SCHEDULES,
  scheduleByName,
  validateSchedule,
  type Op,
  type Schedule,
  type ScheduleSize,
} from 'ipu-pipeline/schedules';
import { simulate } from 'ipu-pipeline/simulator';
import { printCell } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { scheduleOf } from './sizes.js';

const make = (name: string, stages: number, microBatches: number, chunks?: number): Schedule =>
  scheduleByName(name)({ stages, microBatches, ...(chunks === undefined ? {} : { chunks }) });
const equalThirds = { costNs: (_: number, op: Op) => (op === 'B' ? 2 : 1) };
const from = (min: number, max: number) => fc.integer({ min, max });

/** Time that a rank does not compute. */
const idleNs = (schedule: Schedule, costNs: (stage: number, op: Op) => number): number[] => {
  const { makespanNs, ranks } = simulate(schedule, { costNs });
  return ranks.map(({ busyNs }) => makespanNs - busyNs);
};

describe.each(SCHEDULES)('$name', (kind) => {
  it('is valid, does each micro-batch once at each stage and in order, and has no negative bubble', () => {
    fc.assert(
      fc.property(scheduleOf(kind), (schedule) => {
        validateSchedule(schedule);
        const { stages, microBatches, stageToRank, ranks } = schedule;
        const all = Array.from({ length: microBatches }, (_, i) => i);
        const inOrder = kind.name === 'looped-bfs' ? all.toReversed() : all;
        for (let stage = 0; stage < stages; stage++) {
          const row = ranks[stageToRank[stage]!]!.flat().filter((action) => action.stage === stage);
          const of = (...ops: Op[]) =>
            row.filter(({ op }) => ops.includes(op)).map(({ microBatch }) => microBatch);
          expect(of('F')).toEqual(all);
          expect(of('B', 'I')).toEqual(kind.isTraining ? inOrder : []);
          expect(of('W').toSorted((a, b) => a - b)).toEqual(of('I').toSorted((a, b) => a - b));
        }
        const { bubbleShare } = simulate(schedule, equalThirds);
        expect(bubbleShare).toBeGreaterThanOrEqual(0);
        expect(bubbleShare).toBeLessThan(1);
      }),
      { numRuns: 60 },
    );
  });

  it('takes no longer on its grid than one cycle for each action of the simulation', () => {
    fc.assert(
      fc.property(scheduleOf(kind), (schedule) => {
        const cycles = Math.max(...schedule.ranks.map((cells) => cells.length));
        const { makespanNs } = simulate(schedule, { costNs: () => 1, overlapNs: () => 1 });
        // The columns of a lockstep schedule are no shorter than a free run.
        if (/^(popart|tf-)/.test(kind.name)) expect(makespanNs).toBeGreaterThan(0);
        else expect(makespanNs).toBe(cycles);
      }),
      { numRuns: 30 },
    );
  });

  it('refuses sizes by name', () => {
    const size = { stages: 3, microBatches: 4, stageToRank: [2, 1, 0], chunks: 3 };
    if (!kind.isTraining) return expect(() => validateSchedule(kind.generate(size))).not.toThrow();
    expect(() => kind.generate(size)).toThrow(InputError);
    expect(() => kind.generate(size)).toThrow(kind.name);
  });
});

describe('the diagrams in the comments', () => {
  const folder = join(import.meta.dirname, '../../pipeline/schedules');
  const text = (cell: Parameters<typeof printCell>[0]) =>
    printCell(cell).replace('OVERLAP_F_B', '').replaceAll('+', ' ') || '·';

  it.each([
    ['gpipe.ts', [['gpipe', 3, 3]]],
    ['one-f-one-b.ts', [['1f1b', 3, 4]]],
    ['interleaved-one-f-one-b.ts', [['interleaved-1f1b', 4, 2]]],
    ['looped-bfs.ts', [['looped-bfs', 4, 2]]],
    ['zbv.ts', [['zbv', 4, 3]]],
    ['dualpipe-v.ts', [['dualpipev', 4, 4]]],
    [
      'zero-bubble.ts',
      [
        ['zb1p', 3, 4],
        ['interleaved-zb', 4, 2],
      ],
    ],
    [
      'tensorflow.ts',
      [
        ['tf-grouped', 2, 4],
        ['tf-interleaved', 2, 4],
        ['tf-sequential', 2, 2],
      ],
    ],
  ] satisfies [string, [string, number, number][]][])(
    '%s is what the generator gives',
    async (file, sizes) => {
      const lines = (await readFile(join(folder, file), 'utf8')).split('\n');
      const drawn = lines.flatMap((line) => /^ \*.*rank \d+ +(.*\S)\s*$/.exec(line)?.[1] ?? []);
      const made = sizes.flatMap(([name, stages, microBatches]) =>
        make(name, stages, microBatches).ranks.map((cells) => cells.map(text).join(' ')),
      );
      expect(drawn.map((line) => line.replace(/\s+/g, ' '))).toEqual(made);
    },
  );

  it('stand in every generator', async () => {
    const files = await readdir(folder);
    const withSchedule = [];
    for (const file of files) {
      if (/cycle .*\n.*rank 0/.test(await readFile(join(folder, file), 'utf8'))) withSchedule.push(file);
    }
    expect(withSchedule.length).toBeGreaterThanOrEqual(11);
  });
});

describe('known bubbles', () => {
  it('(n − 1)/(m + n − 1) of GPipe and 1F1B, whatever a backward costs', () => {
    fc.assert(
      fc.property(from(1, 8), from(1, 24), from(1, 5), (n, m, backward) => {
        const costNs = (_: number, op: Op) => (op === 'B' ? backward : 1);
        for (const name of m >= n ? ['gpipe', '1f1b'] : ['gpipe']) {
          expect(simulate(make(name, n, m), { costNs }).bubbleShare).toBeCloseTo((n - 1) / (m + n - 1));
        }
      }),
    );
  });

  it("1F1B's divided by the chunks, of interleaved 1F1B", () => {
    fc.assert(
      fc.property(from(1, 6), from(1, 4), from(1, 4), (n, chunks, rounds) => {
        const idle = idleNs(make('interleaved-1f1b', n * chunks, n * rounds, chunks), equalThirds.costNs);
        // A stage costs 3 here, and a rank has `chunks` of them: 1F1B over whole ranks would idle chunks times as long.
        for (const each of idle) expect(each).toBe(3 * (n - 1));
      }),
    );
  });

  it('(n − 1)(F + I − W) of ZB1P: a third of 1F1B where all three are equal', () => {
    fc.assert(
      fc.property(from(2, 8), from(0, 12), from(1, 4), (n, more, unit) => {
        const m = 2 * n + more;
        const costNs = (_: number, op: Op) => unit * (op === 'B' ? 2 : 1);
        const [zb] = idleNs(make('zb1p', n, m), costNs);
        expect(zb).toBe((n - 1) * unit);
        expect(3 * zb!).toBe(idleNs(make('1f1b', n, m), costNs)[0]);
      }),
    );
    const unequal = (_: number, op: Op) => ({ F: 5, I: 6, W: 4 })[op as 'F'];
    expect(idleNs(make('zb1p', 4, 12), unequal)).toEqual([21, 21, 21, 21]);
  });

  it('none within a rank of ZBV, once there are enough micro-batches: ranks only start and end at other times', () => {
    fc.assert(
      fc.property(from(1, 8), from(0, 10), (n, more) => {
        const { ranks, makespanNs } = simulate(make('zbv', 2 * n, 2 * n - 1 + more), equalThirds);
        ranks.forEach(({ stallNs, doneNs, busyNs }, rank) => {
          expect(stallNs).toEqual(rank === 0 ? {} : { upstream: rank });
          expect(doneNs).toBe(n - 1 - rank);
          expect(busyNs).toBe(makespanNs - (n - 1));
        });
      }),
    );
  });

  it("DualPipeV's is smaller than 1F1B's on the same ranks", () => {
    fc.assert(
      fc.property(from(2, 6), from(0, 10), (n, more) => {
        const m = 2 * n + more;
        const dual = idleNs(make('dualpipev', 2 * n, m), equalThirds.costNs);
        // Two stages of 1F1B's rank cost twice as much.
        const line = idleNs(make('1f1b', n, m), (_, op) => 2 * equalThirds.costNs(0, op));
        dual.forEach((idle, rank) => expect(idle).toBeLessThan(line[rank]!));
      }),
    );
  });

  it('(n − 1)/n of one stage at a time', () => {
    expect(simulate(make('tf-sequential', 4, 6), equalThirds).bubbleShare).toBeCloseTo(3 / 4);
  });
});

describe('known memory', () => {
  const peaks = (name: string, n: number, m: number) => peakActivations(make(name, n, m)).perStage;
  const stages = (n: number, of: (j: number) => number) => Array.from({ length: n }, (_, j) => of(j));

  it('m of GPipe, n − j of 1F1B, n of ZB1P, 2(n − 1 − j) + 1 of PopART and Grouped, 1 of Sequential', () => {
    fc.assert(
      fc.property(from(1, 6), from(0, 9), (n, more) => {
        const m = 2 * n + more;
        expect(peaks('gpipe', n, m)).toEqual(stages(n, () => m));
        expect(peaks('1f1b', n, m)).toEqual(stages(n, (j) => n - j));
        expect(peaks('zb1p', n, m)).toEqual(stages(n, () => n));
        expect(peaks('popart', n, m)).toEqual(stages(n, (j) => 2 * (n - 1 - j) + 1));
        expect(peaks('tf-grouped', n, 4 * n)).toEqual(stages(n, (j) => 2 * (n - 1 - j) + 1));
        expect(peaks('tf-interleaved', n, 2 * n)).toEqual(stages(n, (j) => n - j));
        expect(peaks('tf-sequential', n, m)).toEqual(stages(n, () => 1));
      }),
    );
  });

  it("at most 1F1B's of ZBV and one more chunk of DualPipeV: 2n and 2n + 1 half-size chunks", () => {
    fc.assert(
      fc.property(from(1, 6), from(0, 9), (n, more) => {
        const m = 2 * n + more;
        for (const peak of peakActivations(make('zbv', 2 * n, m)).perRank)
          expect(peak).toBeLessThanOrEqual(2 * n);
        for (const peak of peakActivations(make('dualpipev', 2 * n, m)).perRank) {
          expect(peak).toBeLessThanOrEqual(2 * n + 1);
        }
      }),
    );
  });

  it('counts bytes of a rank at its worst moment', () => {
    expect(peakActivations(make('1f1b', 3, 6), [100, 10, 1]).bytesPerRank).toEqual([300, 20, 1]);
    expect(peakActivations(make('zbv', 4, 6), 8).bytesPerRank).toEqual([32, 32]);
    expect(peakActivations(make('fill-drain', 2, 6), 8).bytesPerRank).toEqual([8, 8]);
  });
});

describe("PopART's example", () => {
  it('has three stages and five micro-batches', () => {
    const rows = make('popart', 3, 5).ranks.map((cells) => cells.map((cell) => printCell(cell)).join(' '));
    expect(rows).toEqual([
      '0F0 0F1 0F2 0F3 0F4+0B0 0B1 0B2 0B3 0B4',
      ' 1F0 1F1 1F2+1B0 1F3+1B1 1F4+1B2 1B3 1B4 ',
      '  2F0+2B0 2F1+2B1 2F2+2B2 2F3+2B3 2F4+2B4  ',
    ]);
  });
});

describe("TensorFlow's ramps", () => {
  /** The forward stages at work in each pair of columns, the last stage first: a … d. */
  const steps = (schedule: Schedule): string[] => {
    const cycles = schedule.ranks[0]!.length;
    return Array.from({ length: cycles / 2 }, (_, step) =>
      schedule.ranks
        .map((cells, rank) => (cells[2 * step]!.length > 0 ? 'abcd'[rank] : ''))
        .reverse()
        .join(''),
    );
  };

  it('go up and down one stage at a time', () => {
    const forward = steps(make('tf-grouped', 4, 8));
    expect(
      forward
        .slice(0, 4)
        .map((step) => step.padEnd(4, '.'))
        .join(''),
    ).toBe('a...ba..cba.dcba');
    const down = forward.slice(8, 12).map((step) => step.padStart(4, '.'));
    expect(down.join('')).toBe('.dcb..dc...d....');
  });

  it('have the forwards of a step beside each other, then its backwards', () => {
    for (const cells of make('tf-grouped', 4, 16).ranks) {
      cells.forEach((cell, cycle) => {
        for (const { op } of cell) expect(op).toBe(cycle % 2 === 0 ? 'F' : 'B');
      });
    }
  });

  it.each([
    ['tf-grouped', 4, 12, 'multiple of 8'],
    ['tf-interleaved', 3, 10, 'multiple of 3'],
    ['popart', 4, 6, 'at least 2n − 1 = 7'],
    ['dualpipev', 8, 7, 'at least as many micro-batches as stages'],
    ['zbv', 5, 8, 'multiple of 2'],
    ['interleaved-1f1b', 8, 9, 'give a multiple of 4'],
    ['looped-bfs', 5, 9, 'must be a multiple of 2'],
  ])('%s of %i stages refuses %i micro-batches', (name, stages, microBatches, message) => {
    const size: ScheduleSize = { stages, microBatches };
    expect(() => scheduleByName(name)(size)).toThrow(InputError);
    expect(() => scheduleByName(name)(size)).toThrow(message);
  });
});

describe("torch's names", () => {
  it.each([
    ['Interleaved1F1B', 'interleaved-1f1b'],
    ['GPipe', 'gpipe'],
    ['LoopedBFS', 'looped-bfs'],
    ['InterleavedZeroBubble', 'interleaved-zb'],
    ['ZBVZeroBubble', 'zbv'],
    ['DualPipeV', 'dualpipev'],
  ])('%s is %s', (torch, own) => {
    expect(scheduleByName(torch)).toBe(scheduleByName(own));
  });
});
