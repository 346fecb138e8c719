import fc from 'fast-check';
import { InputError, Pipeline } from 'ipu-pipeline';
import { describe, expect, it, vi } from 'vitest';
import {
  addOnes,
  collect,
  floats,
  numbers,
  options,
  pause,
  stage,
  stagesOnIpus,
  thrownBy,
  values,
} from './pipelines.js';

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
            expect(pulled - taken).toBeLessThanOrEqual(inSlots);
            // Stalled by this loop, it holds all that its slots can.
            if (taken === 2) await vi.waitFor(() => expect(pulled - taken).toBe(inSlots), 10_000);
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
    // One in stage 0, one in the other slot.
    await vi.waitFor(() => expect(pulled).toBe(2), 10_000);
    await pause(50);
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

  it('lets one of two runs that begin at once begin', async () => {
    await using pipeline = await Pipeline.start(options(addOnes(2), { threads }));
    const runs = await Promise.allSettled([1, 2].map(() => collect(pipeline.run(numbers(3)))));
    expect(runs.map(({ status }) => status)).toEqual(['fulfilled', 'rejected']);
    expect((runs[1] as PromiseRejectedResult).reason).toBeInstanceOf(InputError);
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
