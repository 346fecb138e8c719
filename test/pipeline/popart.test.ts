import fc from 'fast-check';
import type { Schedule } from 'ipu-pipeline/schedules';
import { mergeStages, pipelineUtilisation, popartPhases, popartSchedule } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { thrown } from '../ipu-config/thrown.js';

const grid = ({ ranks }: Schedule): string[] =>
  ranks.map((cells) =>
    cells
      .map((cell) => cell.map(({ stage, op, microBatch }) => `${stage}${op}${microBatch}`).join('+') || '.')
      .join(' '),
  );

describe("PopART's schedule", () => {
  it('fills, runs and flushes', () => {
    const size = { forwardStages: 3, depth: 4, training: false };
    expect(grid(popartSchedule(size))).toEqual([
      '0F0 0F1 0F2 0F3 . .',
      '. 1F0 1F1 1F2 1F3 .',
      '. . 2F0 2F1 2F2 2F3',
    ]);
    expect(popartPhases(size)).toEqual({
      stages: 3,
      fill: [0, 1],
      main: [2, 3],
      flush: [4, 5],
      totalCycles: 6,
      utilisation: 4 / 6,
    });
  });

  it('runs backward on the way back, in the same cycles', () => {
    expect(grid(popartSchedule({ forwardStages: 2, depth: 4, training: true }))).toEqual([
      '0F0 0F1 0F2+0B0 0F3+0B1 0B2 0B3',
      '. 1F0+1B0 1F1+1B1 1F2+1B2 1F3+1B3 .',
    ]);
  });

  it('has no ramp with one stage', () => {
    expect(popartPhases({ forwardStages: 1, depth: 2, training: true })).toMatchObject({
      stages: 1,
      fill: null,
      main: [0, 1],
      flush: null,
    });
    expect(grid(popartSchedule({ forwardStages: 1, depth: 2, training: true }))).toEqual(['0F0+0B0 0F1+0B1']);
  });

  it('needs as many micro-batches as stages', () => {
    expect(thrown(() => popartSchedule({ forwardStages: 3, depth: 4, training: true }))).toBe(
      'internal_error: Pipeline mainCycles should not be less than 1. Current value is 0.',
    );
  });

  it('does everything once, each backward after its forward', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 6 }),
        fc.nat(9),
        fc.boolean(),
        (forwardStages, extra, training) => {
          const depth = (training ? 2 * forwardStages - 1 : forwardStages) + extra;
          const { ranks } = popartSchedule({ forwardStages, depth, training });
          const done = new Map<string, number>();
          ranks.forEach((cells, rank) =>
            cells.forEach((cell, k) =>
              cell.forEach(({ stage, op, microBatch }) => {
                expect(stage).toBe(rank);
                expect(done.has(`${op}${stage}.${microBatch}`)).toBe(false);
                done.set(`${op}${stage}.${microBatch}`, k);
              }),
            ),
          );
          expect(done.size).toBe(forwardStages * depth * (training ? 2 : 1));
          for (let j = 1; j < forwardStages; j++) {
            for (let i = 0; i < depth; i++) {
              expect(done.get(`F${j}.${i}`)).toBe(done.get(`F${j - 1}.${i}`)! + 1);
              if (training) expect(done.get(`B${j - 1}.${i}`)).toBe(done.get(`B${j}.${i}`)! + 1);
            }
          }
        },
      ),
    );
  });

  it('merges neighbouring stages on one IPU', () => {
    const merged = mergeStages([0, 0, 1, 2, 2], 10);
    expect([...merged.withStage]).toEqual([
      [1, 0],
      [4, 3],
    ]);
    expect([merged.independentStages, merged.fillFlushCycles, merged.totalCycles]).toEqual([3, 2, 12]);
    expect(mergeStages([0, 1, 0], 4).independentStages).toBe(3);
  });

  it('is busy depth out of depth + stages − 1 cycles', () => {
    const { cycles, utilisation, bubble } = pipelineUtilisation(5, 16);
    expect([cycles, utilisation, utilisation + bubble]).toEqual([20, 0.8, 1]);
  });
});
