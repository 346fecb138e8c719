import fc from 'fast-check';
import { ScheduleError } from 'ipu-pipeline';
import { fillDrain, type Span } from 'ipu-pipeline/schedules';
import { simulateLockstep } from 'ipu-pipeline/simulator';
import { lockstepTime, popartSchedule, shareRanks, type LockstepStage } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';

const pipelines = fc
  .record({
    stages: fc.array(
      fc.record({ forwardNs: fc.integer({ min: 0, max: 50 }), backwardNs: fc.integer({ min: 0, max: 99 }) }),
      { minLength: 1, maxLength: 6 },
    ),
    more: fc.integer({ min: 0, max: 9 }),
    returns: fc.boolean(),
    training: fc.boolean(),
  })
  .map(({ stages, more, returns, training }) => {
    const last = stages.length - 1;
    const ranks = stages.map((_, j) => (returns && j === last ? 0 : j));
    const costs: LockstepStage[] = stages.map((stage, j) => ({
      rank: ranks[j]!,
      forwardNs: stage.forwardNs,
      backwardNs: training ? stage.backwardNs : 0,
    }));
    return { costs, ranks, training, depth: (training ? 2 * last + 1 : last + 1) + more };
  });

function scheduleFor(stages: number, depth: number, training: boolean, ranks: readonly number[]) {
  const schedule = training
    ? popartSchedule({ forwardStages: stages, depth, training })
    : fillDrain({ stages, microBatches: depth });
  return shareRanks(schedule, ranks);
}

describe('the lockstep simulator', () => {
  it('gives each cycle the time of its slowest rank, and ranks that share an IPU one after another', () => {
    //        cycle  0     1        2          3       4
    // rank 0       0F0   0F1    0F2 0B0      0B1     0B2      F 1 ns, B 2 ns
    // rank 1        ·  1F0 1B0  1F1 1B1   1F2 1B2     ·       F 5 ns, B 7 ns
    const schedule = popartSchedule({ forwardStages: 2, depth: 3, training: true });
    const costNs = ({ stage, op }: { stage: number; op: string }): number =>
      op === 'F' ? [1, 5][stage]! : [2, 7][stage]!;
    const copy = { phase: 'copy', ns: 10 } as const;
    const run = simulateLockstep(schedule, { costNs, afterCycle: [copy] });
    expect(run.cycleNs).toEqual([1 + 10, 12 + 10, 12 + 10, 12 + 10, 2 + 10]);
    expect(run.makespanNs).toBe(1 + 3 * 12 + 2 + 50);
    expect(run.ranks[0]).toEqual({
      busyNs: 3 * 3,
      phaseNs: { copy: 50 },
      stallNs: { sync: 12 - 1 + (12 - 3) + (12 - 2) },
      doneNs: 0,
    });
    expect(run.ranks[1]!.stallNs).toEqual({ upstream: 1 + 2 });
    const shared = simulateLockstep(shareRanks(schedule, [0, 0]), { costNs });
    expect(shared.makespanNs).toBe(3 * (1 + 2 + 5 + 7));
  });

  it('agrees with the closed walk over its ramps, for any pipeline', () => {
    fc.assert(
      fc.property(pipelines, ({ costs, ranks, training, depth }) => {
        const schedule = scheduleFor(costs.length, depth, training, ranks);
        const { makespanNs } = simulateLockstep(schedule, {
          costNs: ({ stage, op }) => (op === 'F' ? costs[stage]!.forwardNs : costs[stage]!.backwardNs),
        });
        expect(lockstepTime(costs, depth, training)).toBe(makespanNs);
      }),
    );
  });

  it('tiles the time of every rank with spans, the same ones each time', () => {
    fc.assert(
      fc.property(pipelines, ({ costs, ranks, training, depth }) => {
        const schedule = scheduleFor(costs.length, depth, training, ranks);
        const spansOf = (): { spans: Span[]; makespanNs: number } => {
          const spans: Span[] = [];
          const { makespanNs } = simulateLockstep(schedule, {
            costNs: ({ stage, op }) => (op === 'F' ? costs[stage]!.forwardNs : costs[stage]!.backwardNs),
            prelude: ({ op }) => (op === 'B' ? { phase: 'recompute', ns: 3 } : undefined),
            beforeCycle: [{ phase: 'stream-in', ns: 1 }],
            afterCycle: [{ phase: 'copy', ns: 2 }],
            afterAll: [{ phase: 'all-reduce', ns: 4 }],
            onSpan: (span) => spans.push(span),
          });
          return { spans, makespanNs };
        };
        const { spans, makespanNs } = spansOf();
        for (let rank = 0; rank < schedule.ranks.length; rank++) {
          const own = spans.filter((span) => span.rank === rank);
          const edges = own.map(({ startNs, endNs }) => [startNs, endNs] as const);
          expect(edges[0]![0]).toBe(0);
          expect(edges.at(-1)![1]).toBe(makespanNs);
          for (let i = 1; i < edges.length; i++) expect(edges[i]![0]).toBe(edges[i - 1]![1]);
        }
        expect(spansOf()).toEqual({ spans, makespanNs });
      }),
      { numRuns: 50 },
    );
  });

  it('refuses a cost that is no whole number of nanoseconds', () => {
    const schedule = fillDrain({ stages: 1, microBatches: 1 });
    for (const cost of [1.5, -1, NaN]) {
      expect(() => simulateLockstep(schedule, { costNs: () => cost })).toThrow(ScheduleError);
    }
  });
});
