import { InputError, lockstep, Pipeline, ScheduleError, StageFailedError, type Schedule } from 'ipu-pipeline';
import { describe, expect, it } from 'vitest';
import {
  addOnes,
  collect,
  floats,
  numbers,
  options,
  SHORT,
  stage,
  stagesOnIpus,
  threadCount,
  thrownBy,
  values,
} from './pipelines.js';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Stage 1 of 3 misbehaves. */
const misbehaving = (init: object, ipus = [0, 1, 2]) =>
  stagesOnIpus(ipus, (j) => (j === 1 ? stage('failing', init, { name: 'middle' }) : stage('add-one')));

const asFailure = (thrown: unknown): StageFailedError => {
  expect(thrown).toBeInstanceOf(StageFailedError);
  return thrown as StageFailedError;
};

describe.each([
  ['throw', true, /threw “the weights are bad”/],
  ['throw', false, /threw “the weights are bad”/],
  ['throw-oddly', true, /threw “object thrown/],
  ['exit', true, /ended unexpectedly.*exited with code:? 3/],
  ['throw-later', true, /ended unexpectedly \(nobody awaited this\)/],
  ['never', true, /did not answer within/],
  ['never', false, /did not answer within/],
  ['spin', true, /did not answer within/],
])('A stage that does this: %s (threads: %s)', (what, threads, message) => {
  it('at its start ends the start with its name, and no thread is left', async () => {
    const before = threadCount();
    const thrown = await thrownBy(
      Pipeline.start(options(misbehaving({ when: 'start', what }), { ...SHORT, threads })),
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
      options(misbehaving({ when: 'run', what, at: 2 }), { ...SHORT, threads }),
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

describe('Schedules that cannot be run start no thread', () => {
  const size = { stages: 2, microBatches: 2 };
  const plain = lockstep('plain', size);
  const cells = (...rows: string[][]): Schedule['ranks'] =>
    rows.map((row) =>
      row.map((text) => {
        const [, j, op, i] = /^(\d)([A-Z])(\d)$/.exec(text) ?? [];
        return j === undefined ? [] : [{ stage: Number(j), op: op as 'F', microBatch: Number(i) }];
      }),
    );
  it.each([
    ['another op', cells(['0F0', '0F1', '0B0'], ['1F0', '1F1', '·']), /0B0.*forward/],
    ['an action that is missing', cells(['0F0', '0F1'], ['1F0', '·']), /\b(1F1|3 actions)/],
    ['an action that comes twice', cells(['0F0', '0F0'], ['1F0', '1F1']), /0F0/],
    ['an action on a rank that does not own the stage', cells(['0F0', '1F0'], ['0F1', '1F1']), /1F0|0F1/],
    ['orders that wait for each other', cells(['0F0', '0F1'], ['1F1', '1F0']), undefined],
  ])('%s', async (_, ranks, message) => {
    const before = threadCount();
    const starting = Pipeline.start(
      options(addOnes(2), {
        schedule: () => ({ ...plain, ranks }),
        slotsPerLink: message === undefined ? 1 : 2,
      }),
    );
    const thrown = await thrownBy(starting);
    expect(thrown).toBeInstanceOf(ScheduleError);
    expect((thrown as Error).message).toMatch(message ?? /1F1.*0F1|0F1.*1F1/);
    expect(threadCount()).toBeLessThanOrEqual(before);
  });

  it('another number of stages', async () => {
    const starting = Pipeline.start(options(addOnes(3), { schedule: () => plain }));
    expect(await thrownBy(starting)).toBeInstanceOf(ScheduleError);
  });
});

describe('Fewer micro-batches in a call than stages', () => {
  it('is what PopTorch refuses: here a warning', async () => {
    const warnings: string[] = [];
    await using pipeline = await Pipeline.start(
      options(addOnes(3), { deviceIterations: 2, onWarning: (warning) => warnings.push(warning) }),
    );
    expect(pipeline.warnings).toEqual(warnings);
    expect(warnings.join()).toMatch(/2 micro-batches.*3 stages.*PopTorch/);
    expect((await collect(pipeline.run(numbers(5)))).map(values)).toEqual([[3], [4], [5], [6], [7]]);
    await using enough = await Pipeline.start(options(addOnes(2), { deviceIterations: 2, threads: false }));
    expect(enough.warnings).toEqual([]);
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

  it.each(['throw', 'never'])('tells when a stage cannot be disposed of: %s', async (what) => {
    const pipeline = await Pipeline.start(
      options(misbehaving({ when: 'dispose', what }), { ...SHORT, threads }),
    );
    await collect(pipeline.run(numbers(3)));
    const { failure, message } = asFailure(await thrownBy(pipeline.close()));
    expect(failure).toMatchObject({ stage: 1, state: 'stopping' });
    expect(message).toMatch(what === 'throw' ? /the weights are bad/ : /did not answer within 600 ms/);
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
