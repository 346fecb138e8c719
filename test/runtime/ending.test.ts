import { InputError, Pipeline } from 'ipu-pipeline';
import { describe, expect, it } from 'vitest';
import {
  addOnes,
  asFailure,
  collect,
  floats,
  misbehaving,
  numbers,
  options,
  pause,
  SHORT,
  threadCount,
  thrownBy,
} from './pipelines.js';

describe('A thread that ends while the pipeline is idle', () => {
  it.each(['run', 'close'])('is told by the next %s, once', async (next) => {
    const pipeline = await Pipeline.start(options(misbehaving({ when: 'idle', what: 'exit' })));
    await collect(pipeline.run(numbers(1)));
    while (pipeline.state !== 'closed') await pause(10);
    const asked = next === 'run' ? collect(pipeline.run(numbers(1))) : pipeline.close();
    const { failure, message } = asFailure(await thrownBy(asked));
    expect(failure).toMatchObject({ stage: 1, state: 'idle' });
    expect(message).toMatch(/exited with code 3/);
    await pipeline.close();
  });
});

describe.each([true, false])('Ending a pipeline, threads: %s', (threads) => {
  it('leaves nothing, and can be asked for twice', async () => {
    const before = threadCount();
    const pipeline = await Pipeline.start(options(addOnes(3), { threads, replicas: 2 }));
    await collect(pipeline.run(numbers(3)));
    await Promise.all([pipeline.close(), pipeline.close()]);
    await pipeline.close();
    expect(pipeline.state).toBe('closed');
    await pause(20);
    expect(threadCount()).toBeLessThanOrEqual(before);
    const thrown = await thrownBy(collect(pipeline.run(numbers(1))));
    expect(thrown).toBeInstanceOf(InputError);
    expect((thrown as Error).message).toMatch(/closed/);
  });

  it('ends the run that is on', async () => {
    const pipeline = await Pipeline.start(options(addOnes(2), { threads }));
    async function* stuck() {
      yield floats(1);
      await new Promise(() => undefined);
    }
    const run = thrownBy(collect(pipeline.run(stuck())));
    await pause(30);
    await pipeline.close();
    expect(await run).toBeInstanceOf(InputError);
    expect(((await run) as Error).message).toMatch(/closed/);
  });

  it.each([
    ['throw', [0, 1, 2]],
    ['never', [0, 1, 2]],
    ['throw', [0, 0, 1]],
    ['never', [0, 0, 1]],
  ])('tells which stage cannot be disposed of: %s, on IPUs %j', async (what, ipus) => {
    const pipeline = await Pipeline.start(
      options(misbehaving({ when: 'dispose', what }, ipus), { ...SHORT, threads }),
    );
    await collect(pipeline.run(numbers(3)));
    const { failure, message } = asFailure(await thrownBy(pipeline.close()));
    expect(failure).toMatchObject({ stage: 1, state: 'stopping' });
    expect(message).toMatch(what === 'throw' ? /the weights are bad/ : /did not answer within 800 ms/);
    expect(pipeline.state).toBe('closed');
  });
});

describe.each([true, false])('An AbortSignal, threads: %s', (threads) => {
  it('that is aborted already starts nothing', async () => {
    const before = threadCount();
    const reason = new Error('not today');
    const signal = AbortSignal.abort(reason);
    expect(await thrownBy(Pipeline.start(options(addOnes(2), { threads, signal })))).toBe(reason);
    expect(threadCount()).toBeLessThanOrEqual(before);
  });

  it('ends a start that would take for ever', async () => {
    const before = threadCount();
    const stop = new AbortController();
    const starting = thrownBy(
      Pipeline.start(
        options(misbehaving({ when: 'start', what: 'never' }), { threads, signal: stop.signal }),
      ),
    );
    await pause(100);
    stop.abort('no');
    expect(await starting).toBe('no');
    await pause(20);
    expect(threadCount()).toBeLessThanOrEqual(before);
  });

  it('ends a run in the middle of an action', async () => {
    const before = threadCount();
    const stop = new AbortController();
    const stages = misbehaving({ when: 'run', what: threads ? 'spin' : 'never', at: 1 });
    const pipeline = await Pipeline.start(options(stages, { threads, signal: stop.signal }));
    const reason = new Error('no more');
    const run = thrownBy(collect(pipeline.run(numbers(9))));
    await pause(60);
    stop.abort(reason);
    expect(await run).toBe(reason);
    expect(pipeline.state).toBe('closed');
    expect(await thrownBy(collect(pipeline.run(numbers(1))))).toBe(reason);
    await pause(20);
    expect(threadCount()).toBeLessThanOrEqual(before);
  });

  it('ends a run that waits for its inputs', async () => {
    const stop = new AbortController();
    const pipeline = await Pipeline.start(options(addOnes(2), { threads, signal: stop.signal }));
    async function* stuck() {
      yield floats(1);
      await new Promise(() => undefined);
    }
    const run = thrownBy(collect(pipeline.run(stuck())));
    await pause(30);
    stop.abort('too late');
    expect(await run).toBe('too late');
  });

  it('ends an idle pipeline; the next run or close tells', async () => {
    for (const next of ['run', 'close'] as const) {
      const stop = new AbortController();
      const pipeline = await Pipeline.start(options(addOnes(2), { threads, signal: stop.signal }));
      stop.abort('idle');
      const asked = next === 'run' ? collect(pipeline.run(numbers(1))) : pipeline.close();
      expect(await thrownBy(asked)).toBe('idle');
      expect(pipeline.state).toBe('closed');
      await pipeline.close();
    }
  });
});
