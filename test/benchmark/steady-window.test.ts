import fc from 'fast-check';
import { fillDrain, type Span } from 'ipu-pipeline/schedules';
import { simulate } from 'ipu-pipeline/simulator';
import { SteadyWindow } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';

function spansOf(stages: number, microBatches: number, costs: readonly number[]): Span[] {
  const spans: Span[] = [];
  const costNs = (stage: number): number => costs[stage]!;
  simulate(fillDrain({ stages, microBatches }), {
    costNs,
    slotsPerLink: 2,
    onSpan: (span) => spans.push(span),
  });
  return spans;
}

describe('the steady window', () => {
  it('counts whole micro-batches between two ends of the last stage', () => {
    const window = new SteadyWindow({ stages: 3, replicas: 1, openAfter: 5, microBatches: 8 });
    for (const span of spansOf(3, 20, [30, 100, 40])) window.add(span);
    const { seconds, microBatches, ranks } = window.activity()!;
    expect(microBatches).toBe(8);
    expect(seconds * 1e9).toBeCloseTo(800);
    expect(ranks.map(({ busyShare }) => busyShare)).toEqual(
      [0.3, 1, 0.4].map((share) => expect.closeTo(share, 6) as number),
    );
    expect(ranks[0]!.stallShares).toEqual({ downstream: expect.closeTo(0.7, 6) as number });
    expect(ranks[2]!.stallShares).toEqual({ upstream: expect.closeTo(0.6, 6) as number });
    expect(ranks[1]!.microBatchMs).toBeCloseTo(1e-4);
  });

  it('does not depend on the order in which ranks report', () => {
    const spans = spansOf(4, 24, [50, 70, 20, 60]);
    const measure = (given: readonly Span[]): unknown => {
      const window = new SteadyWindow({ stages: 4, replicas: 1, openAfter: 6, microBatches: 10 });
      for (const span of given) window.add(span);
      return window.activity();
    };
    const perRank = [0, 1, 2, 3].map((rank) => spans.filter((span) => span.rank === rank));
    const orders = fc.shuffledSubarray([0, 1, 2, 3], { minLength: 4 });
    fc.assert(
      fc.property(orders, fc.integer({ min: 1, max: 9 }), (order, bunch) => {
        const queues = order.map((rank) => [...perRank[rank]!]);
        const mixed: Span[] = [];
        while (queues.some(({ length }) => length > 0))
          for (const queue of queues) mixed.push(...queue.splice(0, bunch));
        expect(measure(mixed)).toEqual(measure(spans));
      }),
    );
  });

  it('has nothing to say of a run that was too short', () => {
    const window = new SteadyWindow({ stages: 2, replicas: 1, openAfter: 2, microBatches: 9 });
    for (const span of spansOf(2, 10, [1, 1])) window.add(span);
    expect(window.activity()).toBeUndefined();
  });
});
