import { Pipeline, type Tensor } from 'ipu-pipeline';
import { sequential, type Span } from 'ipu-pipeline/schedules';
import { describe, expect, it } from 'vitest';
import { actionsOf, collect, options, pause, stage, stagesOnIpus } from './pipelines.js';

describe('Spans', () => {
  const slow = stagesOnIpus([0, 1, 2], (j) => stage('sleep', { id: j, maxMs: 4 }));
  const input = (i: number): readonly Tensor[] => [
    { name: 'trace', dtype: 'int32', shape: [1], data: Int32Array.of(i) },
  ];
  async function observe(more: Parameters<typeof options>[1], m = 7, stages = slow): Promise<Span[]> {
    const spans: Span[] = [];
    await using pipeline = await Pipeline.start(
      options(stages, { ...more, onSpan: (span) => spans.push(span) }),
    );
    await collect(pipeline.run(Array.from({ length: m }, (_, i) => input(i))));
    return spans;
  }
  const overlaps = (spans: readonly Span[]): number => {
    const actions = spans.filter(({ kind }) => kind === 'action');
    return actions.filter((a) =>
      actions.some((b) => a.rank !== b.rank && a.startNs < b.endNs && b.startNs < a.endNs),
    ).length;
  };

  it.each([true, false])(
    'tile the time of each rank from the start to the end of the run, threads: %s',
    async (threads) => {
      for (const [replicas, schedule] of [
        [1, undefined],
        [2, sequential],
      ] as const) {
        const spans = await observe({ threads, replicas, schedule });
        const endNs = Math.max(...spans.map((span) => span.endNs));
        for (let replica = 0; replica < replicas; replica++) {
          for (const rank of [0, 1, 2]) {
            const own = spans.filter((span) => span.rank === rank && span.replica === replica);
            const sorted = [...own].sort((a, b) => a.startNs - b.startNs);
            let edge = 0;
            for (const span of sorted) {
              expect(span.startNs).toBe(edge);
              expect(span.endNs).toBeGreaterThan(span.startNs);
              expect(Number.isInteger(span.endNs)).toBe(true);
              expect(span.kind === 'stall' && span.stage !== undefined).toBe(span.cause !== undefined);
              edge = span.endNs;
            }
            expect(edge).toBe(endNs);
          }
        }
      }
    },
  );

  it('show the same order of actions in both runtimes, and in both the schedule’s', async () => {
    for (const schedule of [undefined, sequential]) {
      const runs = await Promise.all([true, false].map((threads) => observe({ threads, schedule })));
      for (const rank of [0, 1, 2]) {
        for (const spans of runs)
          expect(actionsOf(spans, rank)).toEqual([...Array(7).keys()].map((i) => `${rank}F${i}`));
      }
    }
  });

  it.each([true, false])(
    'overlap in fill–drain and never in sequential execution, threads: %s',
    async (threads) => {
      expect(overlaps(await observe({ threads }))).toBeGreaterThan(1);
      expect(overlaps(await observe({ threads, schedule: sequential }))).toBe(0);
    },
  );

  it('name what a rank waits for', async () => {
    const causes = (spans: readonly Span[], rank: number) =>
      new Set(spans.flatMap((span) => (span.rank === rank && span.cause !== undefined ? [span.cause] : [])));
    expect([...causes(await observe({ schedule: sequential }), 0)]).toContain('in-flight-limit');
    expect([...causes(await observe({}), 2)]).toContain('upstream');

    const spans: Span[] = [];
    const stages = stagesOnIpus([0, 1], (j) => stage('sleep', { id: j, maxMs: j * 20 }));
    await using pipeline = await Pipeline.start(options(stages, { onSpan: (span) => spans.push(span) }));
    async function* late() {
      for (let i = 0; i < 12; i++) {
        yield input(i);
        if (i === 11) await pause(250);
      }
      yield input(12);
    }
    for await (const result of pipeline.run(late())) if (result.index === 1) await pause(250);
    expect([...causes(spans, 0)]).toEqual(expect.arrayContaining(['host-input', 'downstream']));
    expect([...causes(spans, 1)]).toEqual(expect.arrayContaining(['upstream', 'host-output']));
  });

  it('overlap the fill of a call with the flush of the call before', async () => {
    const steady = stagesOnIpus([0, 1, 2], (j) => stage('sleep', { id: j, minMs: 15, maxMs: 0 }));
    const spans = await observe({ deviceIterations: 3 }, 9, steady);
    const start = (j: number, i: number) =>
      spans.find((s) => s.kind === 'action' && s.stage === j && s.microBatch === i)?.startNs ?? NaN;
    // Stage 0 begins call 1 before stage 2 has begun the last micro-batch of call 0.
    expect(start(0, 3)).toBeLessThan(start(2, 2));
  });
});
