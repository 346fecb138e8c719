import fc from 'fast-check';
import {
  InputError,
  lockstep,
  Pipeline,
  type Schedule,
  type ScheduleSize,
  type Span,
  type Tensor,
} from 'ipu-pipeline';
import { describe, expect, it } from 'vitest';
import {
  actionsOf,
  addOnes,
  collect,
  floats,
  numbers,
  options,
  stage,
  stagesOnIpus,
  thrownBy,
  values,
} from './pipelines.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const sharded = (size: ScheduleSize): Schedule => ({ ...lockstep('sharded', size), inFlightLimit: 1 });

describe.each([true, false])('Streaming, threads: %s', (threads) => {
  it('pulls no more inputs than its slots hold, however many there are and however slow the caller is', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 2, max: 3 }),
        fc.integer({ min: 1, max: 2 }),
        async (n, slotsPerLink, replicas) => {
          await using pipeline = await Pipeline.start(
            options(addOnes(n), { threads, slotsPerLink, replicas }),
          );
          let pulled = 0;
          let taken = 0;
          function* endless() {
            for (;;) yield floats(pulled++);
          }
          const inSlots = replicas * slotsPerLink * (n + 1);
          for await (const result of pipeline.run(endless())) {
            expect(values(result)).toEqual([taken + n]);
            taken++;
            await pause(taken < 3 ? 20 : 0);
            expect(pulled - taken).toBeLessThanOrEqual(inSlots);
            // Stalled by this loop, it holds all that its slots can.
            if (taken === 2) expect(pulled - taken).toBeGreaterThanOrEqual(inSlots - 1);
            if (taken === 20) break;
          }
        },
      ),
      { numRuns: 6 },
    );
  });

  it('takes an input only when stage 0 can take it soon', async () => {
    const stages = stagesOnIpus([0], () => stage('failing', { when: 'run', what: 'never', at: 0 }));
    const stop = new AbortController();
    const pipeline = await Pipeline.start(options(stages, { threads, signal: stop.signal }));
    let pulled = 0;
    function* endless() {
      for (;;) yield floats(pulled++);
    }
    const run = thrownBy(collect(pipeline.run(endless())));
    await pause(50);
    // One in stage 0, one in the other slot.
    expect(pulled).toBe(2);
    stop.abort('enough');
    expect(await run).toBe('enough');
  });

  it('ends a run that the caller breaks off, closes its inputs, and is ready for another', async () => {
    await using pipeline = await Pipeline.start(options(addOnes(3), { threads, replicas: 2 }));
    for (const at of [0, 1, 7]) {
      let closed = 0;
      function* endless() {
        try {
          for (let i = 0; ; i++) yield floats(i);
        } finally {
          closed++;
        }
      }
      for await (const result of pipeline.run(endless())) if (result.index === at) break;
      expect(closed).toBe(1);
      expect(pipeline.state).toBe('ready');
    }
    expect((await collect(pipeline.run(numbers(4)))).map(values)).toEqual([[3], [4], [5], [6]]);
  });

  it('does not wait for an input that never comes when the caller breaks off', async () => {
    await using pipeline = await Pipeline.start(options(addOnes(2), { threads }));
    async function* stuck() {
      yield floats(1);
      await new Promise(() => undefined);
    }
    for await (const result of pipeline.run(stuck())) {
      expect(values(result)).toEqual([3]);
      break;
    }
    expect(pipeline.state).toBe('ready');
    expect((await collect(pipeline.run(numbers(1)))).map(values)).toEqual([[2]]);
  });

  it('lets the error of the caller’s own loop through', async () => {
    await using pipeline = await Pipeline.start(options(addOnes(2), { threads }));
    const reason = new Error('mine');
    const run = async () => {
      for await (const result of pipeline.run(numbers(9))) if (result.index === 2) throw reason;
    };
    expect(await thrownBy(run())).toBe(reason);
    expect(pipeline.state).toBe('ready');
  });

  it('refuses a second run while one is on, and harms neither', async () => {
    await using pipeline = await Pipeline.start(options(addOnes(2), { threads }));
    const results: number[][] = [];
    for await (const result of pipeline.run(numbers(5))) {
      results.push(values(result));
      const thrown = await thrownBy(collect(pipeline.run(numbers(1))));
      expect(thrown).toBeInstanceOf(InputError);
      expect((thrown as Error).message).toMatch(/running another stream/);
    }
    expect(results).toEqual([[2], [3], [4], [5], [6]]);
  });

  it('sends micro-batch i to replica i mod R', async () => {
    await using pipeline = await Pipeline.start(options(addOnes(2), { threads, replicas: 3 }));
    const results = await collect(pipeline.run(numbers(8)));
    expect(results.map(({ replica }) => replica)).toEqual([0, 1, 2, 0, 1, 2, 0, 1]);
    expect(results.map(({ call }) => call)).toEqual([0, 0, 0, 0, 0, 0, 1, 1]);
    expect(results.map(values)).toEqual([...Array(8).keys()].map((i) => [i + 2]));
    expect(pipeline.stages.map(({ replica, stage: j }) => [replica, j])).toEqual([
      [0, 0],
      [0, 1],
      [1, 0],
      [1, 1],
      [2, 0],
      [2, 1],
    ]);
  });
});

describe('Calls', () => {
  const pipelineOf = (deviceIterations: number, replicas = 1) =>
    Pipeline.start(options(addOnes(1), { threads: false, deviceIterations, replicas }));
  const shown = async (pipeline: Pipeline, m: number, outputMode?: Parameters<Pipeline['calls']>[1]) =>
    (await collect(pipeline.calls(numbers(m), outputMode))).map(({ results }) =>
      results.map((r) => values(r)[0]),
    );

  it('return all results, as by default', async () => {
    await using pipeline = await pipelineOf(2, 2);
    for (const mode of [undefined, { outputMode: 'all' }, { outputMode: 'default' }] as const) {
      expect(await shown(pipeline, 8, mode)).toEqual([
        [1, 2, 3, 4],
        [5, 6, 7, 8],
      ]);
    }
  });

  it('return the final result of each replica', async () => {
    await using pipeline = await pipelineOf(3, 2);
    expect(await shown(pipeline, 12, { outputMode: 'final' })).toEqual([
      [5, 6],
      [11, 12],
    ]);
  });

  it('return the sum of each replica’s results', async () => {
    await using pipeline = await pipelineOf(3, 2);
    expect(await shown(pipeline, 6, { outputMode: 'sum' })).toEqual([[1 + 3 + 5, 2 + 4 + 6]]);
  });

  it('return every nth result of each replica: N-1, 2N-1, …', async () => {
    await using pipeline = await pipelineOf(4, 2);
    expect(await shown(pipeline, 8, { outputMode: { everyN: 2 } })).toEqual([[3, 4, 7, 8]]);
    expect(await shown(pipeline, 8, { outputMode: { everyN: 4 } })).toEqual([[7, 8]]);
  });

  it('count as PopTorch does: 2 replicas, 4 device iterations', async () => {
    await using pipeline = await pipelineOf(4, 2);
    for (const [outputMode, count] of [
      ['all', 8],
      ['sum', 2],
      ['final', 2],
      [{ everyN: 2 }, 4],
    ] as const) {
      const [call] = await collect(pipeline.calls(numbers(8), { outputMode }));
      expect(call?.results.length).toBe(count);
    }
  });

  it('are cut short by the end of the input', async () => {
    await using pipeline = await pipelineOf(2, 2);
    const calls = await collect(pipeline.calls(numbers(5), { outputMode: 'final' }));
    expect(calls.map(({ call, microBatches, results }) => [call, microBatches, results.length])).toEqual([
      [0, 4, 2],
      [1, 1, 1],
    ]);
    expect(await collect(pipeline.calls([]))).toEqual([]);
  });

  it('refuse an output mode that is none, and sums of different shapes', async () => {
    await using pipeline = await pipelineOf(4);
    for (const mode of ['last', { everyN: 3 }, { everyN: 0 }, {}]) {
      const thrown = await thrownBy(collect(pipeline.calls(numbers(4), { outputMode: mode as never })));
      expect(thrown).toBeInstanceOf(InputError);
      expect((thrown as Error).message).toMatch(/outputMode|everyN/);
    }
    const thrown = await thrownBy(collect(pipeline.calls([floats(1), floats(1, 2)], { outputMode: 'sum' })));
    expect(thrown).toBeInstanceOf(InputError);
    expect((thrown as Error).message).toMatch(/cannot be summed.*\[1, 1\].*\[1, 2\]/);
    expect(pipeline.state).toBe('ready');
  });
});

describe('Spans', () => {
  const slow = stagesOnIpus([0, 1, 2], (j) => stage('sleep', { id: j, maxMs: 4 }));
  const input = (i: number): readonly Tensor[] => [
    { name: 'trace', dtype: 'int32', shape: [1], data: Int32Array.of(i) },
  ];
  async function observe(more: Parameters<typeof options>[1], m = 7): Promise<Span[]> {
    const spans: Span[] = [];
    await using pipeline = await Pipeline.start(
      options(slow, { ...more, onSpan: (span) => spans.push(span) }),
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
        [2, sharded],
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
    for (const schedule of [undefined, sharded]) {
      const runs = await Promise.all([true, false].map((threads) => observe({ threads, schedule })));
      for (const rank of [0, 1, 2]) {
        for (const spans of runs)
          expect(actionsOf(spans, rank)).toEqual([...Array(7).keys()].map((i) => `${rank}F${i}`));
      }
    }
  });

  it.each([true, false])(
    'overlap in fill–drain and never in sharded execution, threads: %s',
    async (threads) => {
      expect(overlaps(await observe({ threads }))).toBeGreaterThan(5);
      expect(overlaps(await observe({ threads, schedule: sharded }))).toBe(0);
    },
  );

  it('name what a rank waits for', async () => {
    const causes = (spans: readonly Span[], rank: number) =>
      new Set(spans.flatMap((span) => (span.rank === rank && span.cause !== undefined ? [span.cause] : [])));
    expect([...causes(await observe({ schedule: sharded }), 0)]).toContain('in-flight-limit');
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
    const spans = await observe({ deviceIterations: 3 }, 9);
    const start = (j: number, i: number) =>
      spans.find((s) => s.kind === 'action' && s.stage === j && s.microBatch === i)?.startNs ?? NaN;
    // Stage 0 begins call 1 before stage 2 has begun the last micro-batch of call 0.
    expect(start(0, 3)).toBeLessThan(start(2, 2));
  });
});
