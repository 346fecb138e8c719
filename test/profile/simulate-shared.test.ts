import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ScheduleError } from 'ipu-pipeline';
import { fillDrain, sequential, type Span } from 'ipu-pipeline/schedules';
import { simulate } from 'ipu-pipeline/simulator';

const work = fc.array(fc.integer({ min: 0, max: 1_000_000 }), { minLength: 1, maxLength: 6 });

describe('a pipeline on shared cores', () => {
  it('is the free run where nothing slows anything down', () => {
    fc.assert(
      fc.property(
        work,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 3 }),
        (costs, microBatches, slots) => {
          for (const generate of [fillDrain, sequential]) {
            const schedule = generate({ stages: costs.length, microBatches });
            const { makespanNs } = simulate(schedule, {
              costNs: (stage) => costs[stage]!,
              slotsPerLink: slots,
            });
            const options = { costNs: (stage: number) => costs[stage]!, speed: () => 1, slotsPerLink: slots };
            expect(simulate(schedule, options).makespanNs).toBe(makespanNs);
          }
        },
      ),
    );
  });

  it('does no more work than the cores can, and leaves none idle while enough is ready', () => {
    fc.assert(
      fc.property(
        work,
        fc.integer({ min: 1, max: 8 }),
        fc.integer({ min: 1, max: 3 }),
        (costs, microBatches, cores) => {
          const schedule = fillDrain({ stages: costs.length, microBatches });
          const total = costs.reduce((a, b) => a + b, 0) * microBatches;
          const { makespanNs } = simulate(schedule, {
            costNs: (stage) => costs[stage]!,
            speed: (_, running) => Math.min(1, cores / running.length),
          });
          const slack = 1.001 * total + 100 * costs.length * microBatches;
          expect(makespanNs * cores).toBeGreaterThanOrEqual(total * 0.999);
          expect(makespanNs).toBeLessThanOrEqual(slack);
        },
      ),
    );
  });

  it('tiles the time of each rank with spans, dispatch apart', () => {
    const spans: Span[] = [];
    const { makespanNs: end } = simulate(fillDrain({ stages: 2, microBatches: 3 }), {
      costNs: (stage) => [100, 300][stage]!,
      speed: () => 1,
      dispatchNs: { atOnce: 5, afterWait: 20 },
      slotsPerLink: 2,
      onSpan: (span) => spans.push(span),
    });
    for (const rank of [0, 1]) {
      const own = spans.filter((span) => span.rank === rank);
      expect(own[0]!.startNs).toBe(0);
      expect(own.at(-1)!.endNs).toBe(end);
      own.slice(1).forEach((span, at) => expect(span.startNs).toBe(own[at]!.endNs));
    }
    const second = spans
      .filter(({ rank }) => rank === 1)
      .map(({ kind, cause, startNs, endNs }) => [kind === 'stall' ? cause : kind, endNs - startNs]);
    expect(second).toEqual([
      ['upstream', 105],
      ['dispatch', 20],
      ['action', 300],
      ['dispatch', 5],
      ['action', 300],
      ['dispatch', 5],
      ['action', 300],
    ]);
  });

  it('shares a core between two ranks by halves', () => {
    const ends: number[] = [];
    simulate(fillDrain({ stages: 1, microBatches: 1 }), {
      costNs: () => 1000,
      speed: (_, running) => 1 / running.length,
      replicas: 2,
      onSpan: ({ kind, endNs }) => kind === 'action' && ends.push(endNs),
    });
    expect(ends).toEqual([2000, 2000]);
  });

  it('refuses work that is no whole number of nanoseconds', () => {
    const schedule = fillDrain({ stages: 1, microBatches: 1 });
    for (const value of [-1, 0.5, NaN, 1e12]) {
      expect(() => simulate(schedule, { costNs: () => value, speed: () => 1 })).toThrow(ScheduleError);
    }
  });
});
