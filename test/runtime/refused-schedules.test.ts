import { Pipeline, ScheduleError } from 'ipu-pipeline';
import type { Warning } from 'ipu-pipeline/config';
import { fillDrain, type Schedule } from 'ipu-pipeline/schedules';
import { describe, expect, it } from 'vitest';
import { addOnes, collect, numbers, options, threadCount, thrownBy, values } from './pipelines.js';
import { textsOf } from '../texts-of.js';

describe('Schedules that cannot be run start no thread', () => {
  const size = { stages: 2, microBatches: 2 };
  const plain = fillDrain(size);
  const cells = (...rows: string[][]): Schedule['ranks'] =>
    rows.map((row) =>
      row.map((text) => {
        const [, j, op, i] = /^(\d)([A-Z])(\d)$/.exec(text) ?? [];
        return j === undefined ? [] : [{ stage: Number(j), op: op as 'F', microBatch: Number(i) }];
      }),
    );
  it.each([
    ['a backward that is not whole', cells(['0F0', '0F1', '0B0'], ['1F0', '1F1', '·']), /0B1 is missing/],
    ['an action that is missing', cells(['0F0', '0F1'], ['1F0', '·']), /1F1 is missing/],
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
    expect((thrown as Error).message).toMatch(message ?? /never ends[^]*0F1[^]*1F1/);
    expect(threadCount()).toBeLessThanOrEqual(before);
  });

  it('another number of stages', async () => {
    const starting = Pipeline.start(options(addOnes(3), { schedule: () => plain }));
    expect(await thrownBy(starting)).toBeInstanceOf(ScheduleError);
  });
});

describe('Fewer micro-batches in a call than stages', () => {
  it('is what PopTorch refuses: here a warning', async () => {
    const warnings: Warning[] = [];
    await using pipeline = await Pipeline.start(
      options(addOnes(3), { deviceIterations: 2, onWarning: (warning) => warnings.push(warning) }),
    );
    expect(pipeline.warnings).toEqual(warnings);
    expect(textsOf(warnings).join()).toMatch(/2 micro-batches.*3 stages.*PopTorch/);
    expect((await collect(pipeline.run(numbers(5)))).map(values)).toEqual([[3], [4], [5], [6], [7]]);
    await using enough = await Pipeline.start(options(addOnes(2), { deviceIterations: 2, threads: false }));
    expect(enough.warnings).toEqual([]);
  });
});
