import { InputError, Pipeline } from 'ipu-pipeline';
import { describe, expect, it } from 'vitest';
import {
  addOnes,
  asFailure,
  collect,
  misbehaving,
  numbers,
  options,
  pause,
  SHORT,
  stage,
  threadCount,
  thrownBy,
  values,
} from './pipelines.js';

describe.each([
  ['throw', true, /threw “the weights are bad”/],
  ['throw', false, /threw “the weights are bad”/],
  ['throw-oddly', true, /threw “object thrown/],
  ['throw-oddly', false, /threw “object thrown/],
  ['throw-getters', true, /threw “an error whose message cannot be read”/],
  ['throw-getters', false, /threw “an error whose message cannot be read”/],
  ['throw-long', true, /threw “long long.*characters left out/],
  ['throw-long', false, /threw “long long.*characters left out/],
  ['exit', true, /ended unexpectedly.*exited with code:? 3/],
  ['throw-later', true, /ended unexpectedly \(nobody awaited this\)/],
  ['never', true, /did not answer within/],
  ['never', false, /did not answer within/],
  ['spin', true, /did not answer within/],
])('A stage that does this: %s (threads: %s)', (what, threads, message) => {
  const bounds = ['never', 'spin'].includes(what) ? SHORT : {};

  it('at its start ends the start with its name, and no thread is left', async () => {
    const before = threadCount();
    const thrown = await thrownBy(
      Pipeline.start(
        options(misbehaving({ when: 'start', what }), { ...bounds, startTimeoutMs: 2000, threads }),
      ),
    );
    const { failure, ...error } = asFailure(thrown);
    expect((thrown as Error).message).toMatch(message);
    expect((thrown as Error).message).toMatch(
      /stage 1, middle \(IPU 1, layer 1\), .*, while starting; nothing in flight/,
    );
    expect(failure).toMatchObject({ replica: 0, stage: 1, stageName: 'middle', ipu: 1, layers: [1, 2] });
    expect(failure).toMatchObject({ state: 'starting', inFlight: [] });
    expect(failure.microBatch).toBeUndefined();
    expect(error.exitCode).toBe(1);
    await pause(20);
    expect(threadCount()).toBeLessThanOrEqual(before);
  });

  it('at run ends the run with the micro-batch and what was in flight; the pipeline is closed', async () => {
    const before = threadCount();
    const pipeline = await Pipeline.start(
      options(misbehaving({ when: 'run', what, at: 2 }), { ...bounds, threads }),
    );
    const got: number[][] = [];
    const run = async () => {
      for await (const result of pipeline.run(numbers(50))) got.push(values(result));
    };
    const thrown = await thrownBy(run());
    const { failure } = asFailure(thrown);
    expect((thrown as Error).message).toMatch(message);
    expect((thrown as Error).message).toMatch(
      /stage 1, middle .*while running micro-batch 2; in flight: .*2/,
    );
    expect(failure).toMatchObject({ stage: 1, stageName: 'middle', ipu: 1, microBatch: 2, state: 'running' });
    expect(failure.inFlight).toContain(2);
    expect((thrown as Error).message.length).toBeLessThan(5000);
    expect(got.length).toBeLessThanOrEqual(2);
    expect(pipeline.state).toBe('closed');
    const again = await thrownBy(collect(pipeline.run(numbers(1))));
    expect(again).toBeInstanceOf(InputError);
    expect((again as Error).message).toMatch(/has ended, because stage 1, middle.*start another/);
    expect((again as Error).cause).toBe(thrown);
    await pipeline.close();
    await pause(20);
    expect(threadCount()).toBeLessThanOrEqual(before);
  });
});

describe('The error of a failed stage', () => {
  it.each([true, false])('has the original as its cause, threads: %s', async (threads) => {
    const stages = misbehaving({ when: 'run', what: 'throw' });
    const pipeline = await Pipeline.start(options(stages, { threads }));
    const { cause } = asFailure(await thrownBy(collect(pipeline.run(numbers(1)))));
    expect(cause).toBeInstanceOf(Error);
    expect(cause).toMatchObject({
      name: 'CustomError',
      message: 'the weights are bad',
      code: 'E_CUSTOM',
      exitCode: 2,
    });
    expect((cause as Error).stack).toContain('failing.mjs');
    expect((cause as Error).cause).toMatchObject({ name: 'TypeError', message: 'shape' });
  });

  it.each([
    ['too-large', /4000 bytes.*4096|outputs are 4000 bytes, and a slot holds 16 bytes; raise outputBytes/],
    ['wrong-length', /tensor 0 \(x\): its shape \[3\] needs 3 elements, and its data has 2/],
    ['nothing', /array of tensors was expected, not Undefined/],
  ])('says what was wrong with its outputs: %s', async (answer, message) => {
    const stages = [stage('answers', { answer }, { outputBytes: 16 })];
    const pipeline = await Pipeline.start(options(stages));
    const thrown = await thrownBy(collect(pipeline.run(numbers(3))));
    expect(asFailure(thrown).message).toMatch(message);
    expect(asFailure(thrown).failure.microBatch).toBe(0);
  });

  it.each([
    ['no-stage', /does not export a function createStage/],
    ['missing', /missing\.mjs/],
  ])('says that its module is not one: %s', async (module, message) => {
    expect(asFailure(await thrownBy(Pipeline.start(options([stage(module)])))).message).toMatch(message);
  });

  it('names the replica, and the micro-batch by its number in the run', async () => {
    const stages = [stage('failing', { when: 'run', what: 'throw', at: 3 })];
    const pipeline = await Pipeline.start(options(stages, { replicas: 2 }));
    const { failure, message } = asFailure(await thrownBy(collect(pipeline.run(numbers(50)))));
    expect(failure.microBatch).toBe(6 + failure.replica);
    expect(message).toContain(`replica ${failure.replica}`);
  });

  it('names the stage, where two share the thread that died', async () => {
    const stages = misbehaving({ when: 'run', what: 'exit', at: 1 }, [0, 0, 0]);
    const pipeline = await Pipeline.start(options(stages, SHORT));
    const { failure } = asFailure(await thrownBy(collect(pipeline.run(numbers(5)))));
    expect(failure).toMatchObject({ stage: 1, ipu: 0, microBatch: 1 });
  });

  it('comes from a spec whose argument cannot be posted', async () => {
    const thrown = await thrownBy(Pipeline.start(options([stage('add-one', { f: () => 1 })])));
    expect(asFailure(thrown).message).toMatch(/could not be cloned/);
  });
});

describe('A hook of the caller that throws', () => {
  it('ends the run with its error', async () => {
    const reason = new Error('no space to record');
    const pipeline = await Pipeline.start(
      options(addOnes(2), {
        onSpan: () => {
          throw reason;
        },
      }),
    );
    expect(await thrownBy(collect(pipeline.run(numbers(200))))).toBe(reason);
    expect(pipeline.state).toBe('closed');
  });
});
