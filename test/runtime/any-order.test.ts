import fc from 'fast-check';
import { Pipeline } from 'ipu-pipeline';
import { fillDrain, type Action, type Schedule, type ScheduleSize } from 'ipu-pipeline/schedules';
import { describe, expect, it } from 'vitest';
import { collect, options, stage, stagesOnIpus, trace, values } from './pipelines.js';

/** Every cell of fill–drain with the micro-batches of a call in another order. */
function reordered(order: (i: number, m: number) => number) {
  return (size: ScheduleSize): Schedule => {
    const plain = fillDrain(size);
    const ranks = plain.ranks.map((cells) =>
      cells.map((cell) =>
        cell.map((action) => ({ ...action, microBatch: order(action.microBatch, size.microBatches) })),
      ),
    );
    return { ...plain, ranks };
  };
}

/** An action at random of those whose input is there, again and again: each rank has its own in that order. */
function anyForward(
  stageToRank: readonly number[],
  microBatches: number,
  choices: Iterator<number>,
): Schedule {
  const stages = stageToRank.length;
  const ranks: Action[][][] = Array.from({ length: Math.max(...stageToRank) + 1 }, () => []);
  const reached = new Array<number>(microBatches).fill(0);
  for (;;) {
    const ready = [...reached.keys()].filter((i) => reached[i]! < stages);
    if (ready.length === 0) return { name: 'any', stages, microBatches, stageToRank, ranks };
    const microBatch = ready[(choices.next().value as number) % ready.length]!;
    const j = reached[microBatch]!++;
    ranks[stageToRank[j]!]!.push([{ stage: j, op: 'F', microBatch }]);
  }
}

describe.each([true, false])('Any order of forward actions, threads: %s', (threads) => {
  it('keeps any order of forward actions that its slots allow, and the order of results', async () => {
    const swapped = reordered((i, m) => (i % 2 === 0 ? Math.min(i + 1, m - 1) : i - 1));
    const stages = stagesOnIpus([0, 1], (j) => stage('sleep', { id: j, maxMs: 2 }));
    for (const replicas of [1, 2]) {
      await using pipeline = await Pipeline.start(
        options(stages, { threads, deviceIterations: 4, replicas, schedule: swapped }),
      );
      for (const m of [0, 1, 5, 8, 19]) {
        const results = await collect(pipeline.run(Array.from({ length: m }, (_, i) => trace(i))));
        expect(results.map(values)).toEqual(Array.from({ length: m }, (_, i) => [i, 0, 1]));
      }
    }
  });

  it('runs any order of forward actions, on any ranks, that a schedule given whole says', async () => {
    const sizes = fc.record({
      stageToRank: fc.array(fc.nat(2), { minLength: 1, maxLength: 5 }),
      callSize: fc.integer({ min: 1, max: 4 }),
      total: fc.nat(11),
      replicas: fc.integer({ min: 1, max: 2 }),
      choices: fc.infiniteStream(fc.nat(1000)),
    });
    await fc.assert(
      fc.asyncProperty(sizes, async ({ stageToRank, callSize, total, replicas, choices }) => {
        const schedule = anyForward(stageToRank, callSize, choices);
        const stages = stagesOnIpus(stageToRank, (j) => stage('sleep', { id: j, maxMs: 2 }));
        await using pipeline = await Pipeline.start(
          options(stages, {
            schedule,
            threads,
            replicas,
            deviceIterations: undefined,
            slotsPerLink: callSize,
          }),
        );
        const results = await collect(pipeline.run(Array.from({ length: total }, (_, i) => trace(i))));
        expect(results.map(values)).toEqual(
          Array.from({ length: total }, (_, i) => [i, ...stageToRank.keys()]),
        );
        expect(results.map(({ call }) => call)).toEqual(
          results.map((_, i) => Math.floor(i / callSize / replicas)),
        );
      }),
      { numRuns: threads ? 12 : 40 },
    );
  });
});
