import { InputError, Pipeline } from 'ipu-pipeline';
import { describe, expect, it } from 'vitest';
import { addOnes, collect, floats, numbers, options, thrownBy, values } from './pipelines.js';

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
