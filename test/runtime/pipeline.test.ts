import fc from 'fast-check';
import { InputError, Pipeline, type Tensor } from 'ipu-pipeline';
import { fillDrain, sequential } from 'ipu-pipeline/schedules';
import { describe, expect, it } from 'vitest';
import {
  addOnes,
  collect,
  floats,
  numbers,
  options,
  stage,
  stagesOnIpus,
  thrownBy,
  trace,
  values,
} from './pipelines.js';

describe.each([true, false])('Pipeline, threads: %s', (threads) => {
  it('gives results in the order of the inputs, in memory of their own', async () => {
    await using pipeline = await Pipeline.start(options(addOnes(3), { threads }));
    const results = await collect(pipeline.run(numbers(7)));
    expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4, 5, 6]);
    expect(results.map(values)).toEqual([[3], [4], [5], [6], [7], [8], [9]]);
    expect(results.map(({ call }) => call)).toEqual([0, 0, 0, 1, 1, 1, 2]);
    for (const { tensors, latencyNs, queueNs } of results) {
      expect(tensors[0]?.data.buffer).toBeInstanceOf(ArrayBuffer);
      expect(tensors[0]).toMatchObject({ name: 'x', dtype: 'float32', shape: [1, 1] });
      expect(latencyNs).toBeGreaterThan(0);
      expect(queueNs).toBeGreaterThanOrEqual(0);
    }
  });

  it('runs again and again, also without inputs', async () => {
    await using pipeline = await Pipeline.start(options(addOnes(2), { threads }));
    for (const m of [3, 0, 1, 5]) {
      const results = await collect(pipeline.run(numbers(m)));
      expect(results.map(values)).toEqual(Array.from({ length: m }, (_, i) => [i + 2]));
      expect(pipeline.state).toBe('ready');
    }
  });

  it('takes arrays, generators, and async iterables', async () => {
    await using pipeline = await Pipeline.start(options(addOnes(1), { threads }));
    async function* later() {
      for (const inputs of numbers(2)) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        yield inputs;
      }
    }
    for (const inputs of [[...numbers(2)], numbers(2), later()]) {
      expect((await collect(pipeline.run(inputs))).map(values)).toEqual([[1], [2]]);
    }
  });

  it('passes tensors whose number, shape and size change, down to no elements', async () => {
    const stages = stagesOnIpus([0, 1], (j) => stage('answers', { answer: j === 0 ? 'growing' : 'views' }));
    await using pipeline = await Pipeline.start(options(stages, { threads }));
    const results = await collect(pipeline.run([floats(7), floats(8), floats(9)]));
    expect(results.map(({ tensors }) => tensors.map(({ name, shape }) => [name, shape]))).toEqual([
      [
        ['x', [1, 1]],
        ['empty', [0, 4]],
      ],
      [
        ['x', [1, 2]],
        ['empty', [0, 4]],
      ],
      [
        ['x', [1, 3]],
        ['empty', [0, 4]],
      ],
    ]);
    expect(results.map(values)).toEqual([[7], [8, 8], [9, 9, 9]]);
  });

  it('runs stages that share an IPU, next to each other or not, in one thread', async () => {
    for (const ipus of [[0, 0], [0, 1, 0], [2, 2, 0, 0, 2], [3]]) {
      const stages = stagesOnIpus(ipus, () => stage('add-one'));
      await using pipeline = await Pipeline.start(options(stages, { threads, deviceIterations: 4 }));
      const results = await collect(pipeline.run(numbers(9)));
      expect(results.map(values)).toEqual(Array.from({ length: 9 }, (_, i) => [i + ipus.length]));
      const threadOf = new Map(pipeline.stages.map(({ ipu, threadId }) => [ipu, threadId]));
      expect(pipeline.stages.map(({ threadId }) => threadId)).toEqual(ipus.map((ipu) => threadOf.get(ipu)));
      expect(new Set(threadOf.values()).size).toBe(threads ? threadOf.size : 1);
    }
  });

  it('sends every micro-batch through every stage once, in order, whatever the sizes', async () => {
    const sizes = fc.record({
      ipus: fc.array(fc.nat(2), { minLength: 1, maxLength: 4 }),
      microBatches: fc.nat(14),
      deviceIterations: fc.integer({ min: 1, max: 5 }),
      slotsPerLink: fc.integer({ min: 2, max: 3 }),
      replicas: fc.integer({ min: 1, max: 2 }),
      limited: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ ipus, microBatches, limited, ...more }) => {
        const stages = stagesOnIpus(ipus, (j) => stage('sleep', { id: j, maxMs: 3 }));
        const schedule = limited ? sequential : fillDrain;
        await using pipeline = await Pipeline.start(options(stages, { ...more, threads, schedule }));
        const results = await collect(pipeline.run(Array.from({ length: microBatches }, (_, i) => trace(i))));
        expect(results.map(({ index }) => index)).toEqual([...Array(microBatches).keys()]);
        expect(results.map(values)).toEqual(results.map((_, i) => [i, ...ipus.keys()]));
        expect(results.map(({ replica }) => replica)).toEqual(results.map((_, i) => i % more.replicas));
      }),
      { numRuns: threads ? 12 : 25 },
    );
  });

  it('tells of its stages', async () => {
    const progress: [number, number][] = [];
    const stages = stagesOnIpus([1, 0], () => stage('add-one'));
    await using pipeline = await Pipeline.start(
      options(stages, { threads, onProgress: (j, fraction) => progress.push([j, fraction]) }),
    );
    expect(pipeline.stages).toMatchObject([
      { replica: 0, stage: 0, name: 'add-one', ipu: 1, layers: [0, 1], weightBytes: 4 },
      { replica: 0, stage: 1, name: 'add-one', ipu: 0, layers: [1, 2], weightBytes: 4 },
    ]);
    for (const j of [0, 1]) {
      expect(progress.filter(([of]) => of === j).map(([, fraction]) => fraction)).toEqual([0.5, 1]);
    }
    expect(pipeline.slotBytes).toBeGreaterThanOrEqual(3 * 2 * 4096);
  });
});

describe('Both runtimes', () => {
  it('agree bit for bit', async () => {
    const inputs = fc.sample(fc.array(fc.float(), { minLength: 4, maxLength: 4 }), { numRuns: 20, seed: 1 });
    const bits = async (threads: boolean): Promise<string[]> => {
      await using pipeline = await Pipeline.start(options(addOnes(3), { threads }));
      const results = await collect(pipeline.run(inputs.map((each) => floats(...each))));
      return results.map(({ tensors }) => Buffer.from((tensors[0] as Tensor).data.buffer).toString('hex'));
    };
    expect(await bits(true)).toEqual(await bits(false));
  });
});

describe('Inputs that do not fit', () => {
  const small = { inputBytes: 8 };
  it.each([
    ['larger than the slots', floats(1, 2, 3), /micro-batch 2.*12 bytes.*8 bytes.*inputBytes/],
    [
      'of another length than their shape',
      [{ ...floats(1)[0], shape: [2] }],
      /micro-batch 2.*\[2\].*2 elements.*has 1/,
    ],
    ['of no known type', [{ ...floats(1)[0], dtype: 'int8' }], /micro-batch 2.*int8/],
    ['not tensors', 'abc', /micro-batch 2.*array of tensors.*String/],
  ])('%s end the run after the results before them; the pipeline stays ready', async (_, bad, message) => {
    await using pipeline = await Pipeline.start(options(addOnes(2), small));
    const got: number[][] = [];
    const closed: string[] = [];
    function* inputs() {
      try {
        yield* numbers(2);
        yield bad as readonly Tensor[];
        yield* numbers(2);
      } finally {
        closed.push('closed');
      }
    }
    const run = async () => {
      for await (const result of pipeline.run(inputs())) got.push(values(result));
    };
    const thrown = await thrownBy(run());
    expect(thrown).toBeInstanceOf(InputError);
    expect((thrown as Error).message).toMatch(message);
    expect(got).toEqual([[2], [3]]);
    expect(closed).toEqual(['closed']);
    expect((await collect(pipeline.run(numbers(1)))).map(values)).toEqual([[2]]);
  });

  it('throws what the iterable throws, after the results before it', async () => {
    await using pipeline = await Pipeline.start(options(addOnes(2)));
    const reason = new Error('the disk is full');
    function* inputs() {
      yield* numbers(3);
      throw reason;
    }
    const got: number[][] = [];
    const run = async () => {
      for await (const result of pipeline.run(inputs())) got.push(values(result));
    };
    expect(await thrownBy(run())).toBe(reason);
    expect(got).toEqual([[2], [3], [4]]);
    expect(pipeline.state).toBe('ready');
  });

  it('refuses what cannot be iterated', async () => {
    await using pipeline = await Pipeline.start(options(addOnes(1)));
    const thrown = await thrownBy(collect(pipeline.run(5 as never)));
    expect(thrown).toBeInstanceOf(InputError);
    expect((thrown as Error).message).toMatch(/iterable/);
    expect(pipeline.state).toBe('ready');
  });
});

describe('Options that cannot be run', () => {
  it.each([
    [{ stages: [] }, /stages is empty/],
    [{ deviceIterations: 0 }, /deviceIterations is 0/],
    [{ replicas: 1.5 }, /replicas is 1.5/],
    [{ slotsPerLink: 0 }, /slotsPerLink is 0/],
    [{ actionTimeoutMs: Infinity }, /actionTimeoutMs is Infinity/],
    [{ inputBytes: -1 }, /inputBytes is -1/],
    [{ stages: [stage('add-one', {}, { ipu: -1 })] }, /stages\[0\] \(add-one\)\.ipu is -1/],
    [{ stages: [stage('add-one', {}, { module: './x.mjs' })] }, /module is "\.\/x\.mjs"/],
  ])('%j', async (more, message) => {
    const thrown = await thrownBy(Pipeline.start(options(addOnes(1), more)));
    expect(thrown).toBeInstanceOf(InputError);
    expect((thrown as Error).message).toMatch(message);
  });
});
