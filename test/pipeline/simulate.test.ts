import fc from 'fast-check';
import { ScheduleError } from 'ipu-pipeline';
import { fillDrain, parseCsv, sequential, type Schedule, type Span } from 'ipu-pipeline/schedules';
import { simulate } from 'ipu-pipeline/simulator';
import { EventQueue } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';

const unit = { costNs: () => 1 };
const sizes = fc.record({
  stages: fc.integer({ min: 1, max: 7 }),
  microBatches: fc.integer({ min: 1, max: 20 }),
});

describe('the simulator', () => {
  it('finds the known bubbles at equal costs', () => {
    fc.assert(
      fc.property(sizes, ({ stages: n, microBatches: m }) => {
        expect(simulate(fillDrain({ stages: n, microBatches: m }), unit).bubbleShare).toBeCloseTo(
          (n - 1) / (m + n - 1),
        );
        expect(simulate(sequential({ stages: n, microBatches: m }), unit).bubbleShare).toBeCloseTo(
          (n - 1) / n,
        );
      }),
    );
  });

  it('takes as long as the slowest stage once the pipeline is full', () => {
    const costNs = (stage: number): number => [3, 10, 4][stage]!;
    const { makespanNs } = simulate(fillDrain({ stages: 3, microBatches: 50 }), { costNs, slotsPerLink: 2 });
    expect(makespanNs).toBe(3 + 50 * 10 + 4);
  });

  it('is never slower with more slots, and never faster than its busiest rank', () => {
    const cost = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 140, maxLength: 140 });
    fc.assert(
      fc.property(
        sizes,
        cost,
        fc.integer({ min: 1, max: 3 }),
        ({ stages, microBatches }, costs, slotsPerLink) => {
          const costNs = (stage: number, _op: string, i: number): number => costs[stage * 20 + i]!;
          const schedule = fillDrain({ stages, microBatches });
          const tight = simulate(schedule, { costNs, slotsPerLink });
          const loose = simulate(schedule, { costNs, slotsPerLink: slotsPerLink + 1 });
          expect(loose.makespanNs).toBeLessThanOrEqual(tight.makespanNs);
          expect(tight.makespanNs).toBeGreaterThanOrEqual(
            Math.max(...tight.ranks.map(({ busyNs }) => busyNs)),
          );
        },
      ),
    );
  });

  it('gives each rank spans that tile its time, in the order of the schedule, every stall with its cause', () => {
    fc.assert(
      fc.property(sizes, fc.integer({ min: 1, max: 3 }), fc.boolean(), (size, slotsPerLink, isSequential) => {
        const schedule = isSequential ? sequential(size) : fillDrain(size);
        const spans: Span[] = [];
        const costNs = (stage: number, _op: string, i: number): number => 1 + ((stage * 7 + i * 3) % 5);
        const { makespanNs } = simulate(schedule, {
          costNs,
          slotsPerLink,
          onSpan: (span) => spans.push(span),
        });
        schedule.ranks.forEach((cells, rank) => {
          const own = spans.filter((span) => span.rank === rank);
          let edge = 0;
          for (const span of own) {
            expect(span.startNs).toBe(edge);
            edge = span.endNs;
            if (span.kind === 'stall' && span.stage !== undefined) expect(span.cause).toBeDefined();
          }
          expect(edge).toBe(makespanNs);
          const ran = own
            .filter(({ kind }) => kind === 'action')
            .map(({ stage, op, microBatch }) => ({ stage, op, microBatch }));
          expect(ran).toEqual(cells.flat());
        });
      }),
    );
  });

  it('names what a rank waits for', () => {
    const slowEnd = simulate(fillDrain({ stages: 2, microBatches: 5 }), {
      costNs: (j) => (j === 0 ? 1 : 10),
      slotsPerLink: 1,
    });
    expect(slowEnd.ranks[0]!.stallNs).toHaveProperty('downstream');
    const slowStart = simulate(fillDrain({ stages: 2, microBatches: 5 }), {
      costNs: (j) => (j === 0 ? 10 : 1),
      slotsPerLink: 2,
    });
    expect(slowStart.ranks[1]!.stallNs).toEqual({ upstream: 10 + 4 * 9 });
    const oneAtATime = simulate(sequential({ stages: 2, microBatches: 3 }), unit);
    expect(oneAtATime.ranks[0]!.stallNs).toEqual({ 'in-flight-limit': 2 });
  });

  it('gives the same run for the same input, to the byte', () => {
    const trace = (): string => {
      const spans: Span[] = [];
      simulate(fillDrain({ stages: 5, microBatches: 9 }), {
        costNs: (j, _op, i) => (j * i) % 4,
        onSpan: (s) => spans.push(s),
      });
      return JSON.stringify(spans);
    };
    expect(trace()).toBe(trace());
  });

  it('runs a training schedule with a backward pass', () => {
    const schedule: Schedule = parseCsv('1f1b.csv', '0F0,0F1,,0B0,,0B1\n,1F0,1B0,1F1,1B1,\n');
    const { makespanNs } = simulate(schedule, { costNs: (_j, op) => (op === 'B' ? 2 : 1) });
    expect(makespanNs).toBe(9);
  });

  it('refuses costs that are no time', () => {
    const run = (cost: number) => () =>
      simulate(fillDrain({ stages: 1, microBatches: 1 }), { costNs: () => cost });
    for (const cost of [-1, 0.5, NaN, Infinity]) expect(run(cost)).toThrow(ScheduleError);
  });
});

describe('the event queue', () => {
  it('sorts by time, and by arrival within a time', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (times) => {
        const queue = new EventQueue();
        times.forEach((time, event) => queue.add(time, event));
        const taken: number[] = [];
        while (queue.size > 0) taken.push(queue.take());
        const sorted = times.map((_, event) => event).sort((a, b) => times[a]! - times[b]! || a - b);
        expect(taken).toEqual(sorted);
      }),
    );
  });
});
