import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from 'ipu-pipeline';
import { scheduleByName, type Span } from 'ipu-pipeline/schedules';
import type { ModelConfig } from 'ipu-pipeline/models';
import { planOnProfile, predictRuntime, type RuntimeRun } from 'ipu-pipeline/machine';
import { predictSplit, publishedConfig } from 'ipu-pipeline/internals';
import { config, machine, stagesOf } from './machine.js';
import { textsOf } from '../texts-of.js';

function run(layers: readonly number[], change: Partial<RuntimeRun> = {}): RuntimeRun {
  return {
    ...{ model: config, stages: stagesOf(layers), sequenceLength: 100, microBatch: 2, microBatches: 12 },
    ...change,
  };
}

/** `[1, 2, 1]` and all other ways to cut so many layers. */
function splits(layers: number, stages: number): number[][] {
  if (stages === 1) return [[layers]];
  return Array.from({ length: layers - stages + 1 }, (_, at) =>
    splits(layers - at - 1, stages - 1).map((rest) => [at + 1, ...rest]),
  ).flat();
}

const deep: ModelConfig = { ...config, numHiddenLayers: 9 };
const model = { config: deep, head: 'question-answering' } as const;
const shape = { sequenceLength: 100, microBatch: 2 };

describe('the prediction of the runtime', () => {
  it('of one stage is its time and its dispatch, over and over', () => {
    const { sequencesPerSecond, stageMs, latencyMs } = predictRuntime(machine(), run([3]));
    const tokens = 200;
    const bytes = 12 * tokens + 8 * tokens;
    const ns =
      100_000 +
      0.2 * bytes +
      5_000 * tokens +
      3 * (500_000 + tokens * (90_000 + 30 * 100)) +
      (10_000 + 500 * tokens);
    expect(stageMs[0]).toBeCloseTo(ns / 1e6, 6);
    expect(latencyMs.p50).toBeCloseTo(ns / 1e6, 3);
    expect(sequencesPerSecond).toBeCloseTo((2 * 1e9) / (ns + 10_000), 3);
  });

  it('is the same each time, to the byte', () => {
    const spans: Span[][] = [[], []];
    const results = spans.map((list) =>
      predictRuntime(machine(), run([1, 4, 2], { replicas: 2, onSpan: (span) => list.push(span) })),
    );
    expect(JSON.stringify(results[0])).toBe(JSON.stringify(results[1]));
    expect(JSON.stringify(spans[0])).toBe(JSON.stringify(spans[1]));
    expect(
      spans[0]!.every(({ startNs, endNs }) => Number.isInteger(startNs) && Number.isInteger(endNs)),
    ).toBe(true);
  });

  it('never promises less of more cores, and never more than the cores can do', () => {
    // What is in flight when a short window opens counts for it, though it was computed before.
    const long = { microBatches: 60 };
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 5 }),
        fc.integer({ min: 1, max: 4 }),
        fc.integer({ min: 1, max: 512 }),
        (layers, microBatch, sequenceLength) => {
          const deepEnough = { ...config, numHiddenLayers: layers.reduce((a, b) => a + b, 0) };
          const at = (cores: number): number =>
            predictRuntime(
              machine(),
              run(layers, { ...long, model: deepEnough, microBatch, sequenceLength, cores }),
            ).sequencesPerSecond;
          const rates = [1, 2, 3, 4, 5].map(at);
          const { stageMs } = predictRuntime(
            machine(),
            run(layers, { model: deepEnough, microBatch, sequenceLength }),
          );
          const wholeMs = stageMs.reduce((a, b) => a + b, 0);
          rates.forEach((rate, i) => {
            if (i > 0) expect(rate).toBeGreaterThanOrEqual(rates[i - 1]! * 0.999);
            expect(rate).toBeLessThanOrEqual(((i + 1) * 1000 * microBatch * 1.001) / wholeMs);
            expect(rate).toBeLessThanOrEqual((1000 * microBatch * 1.001) / Math.max(...stageMs));
          });
        },
      ),
      { numRuns: 60 },
    );
  });

  it('loses by taking a layer from a balanced split', () => {
    const rate = (layers: number[]): number =>
      predictRuntime(machine(), run(layers, { model: deep, cores: 4 })).sequencesPerSecond;
    expect(rate([4, 4])).toBeGreaterThan(rate([3, 5]));
    expect(rate([3, 5])).toBeGreaterThan(rate([2, 6]));
    expect(rate([3, 3, 3])).toBeGreaterThan(rate([2, 3, 4]));
  });

  it('of one stage at a time adds up all stages', () => {
    const settings = { schedule: scheduleByName('sequential'), deviceIterations: 4 };
    const { sequencesPerSecond, stageMs, activity } = predictRuntime(machine(), run([2, 3, 1], settings));
    const wholeMs = stageMs.reduce((a, b) => a + b, 0) + 3 * 0.06;
    expect(sequencesPerSecond / (2000 / wholeMs)).toBeCloseTo(1, 2);
    expect(activity.ranks.reduce((sum, { busyShare }) => sum + busyShare, 0)).toBeLessThanOrEqual(1);
  });

  it('knows threads inside of a stage', () => {
    const rate = (threadsPerStage: number): number =>
      predictRuntime(machine(), run([4], { threadsPerStage })).sequencesPerSecond;
    expect(rate(2) / rate(1)).toBeGreaterThan(1.6);
    expect(rate(2) / rate(1)).toBeLessThan(1 / 0.55);
  });

  it('says so when a model or a head was not measured', () => {
    const large = publishedConfig('medium');
    expect(predictRuntime(machine(), run([3], { model: large })).warnings).toEqual([]);
    const base = publishedConfig('base');
    const scaled = predictRuntime(machine(), run([3], { model: base }));
    expect(textsOf(scaled.warnings).join()).toMatch(/no model of hidden size 768/);
    expect(scaled.sequencesPerSecond).toBeLessThan(predictRuntime(machine(), run([3])).sequencesPerSecond);
    const stages = [{ ipu: 0, slice: { ...stagesOf([3])[0]!.slice, head: 'masked-lm' as const } }];
    const masked = predictRuntime(machine(), run([3], { stages }));
    expect(textsOf(masked.warnings).join()).toMatch(/no masked-lm head/);
    expect(masked.sequencesPerSecond).toBeLessThan(predictRuntime(machine(), run([3])).sequencesPerSecond);
  });

  it.each([
    ['microBatch', 0],
    ['sequenceLength', 1.5],
    ['cores', -1],
    ['replicas', 0],
  ])('refuses %s of %d by name', (name, value) => {
    const predict = (): unknown => predictRuntime(machine(), run([3], { [name]: value }));
    expect(predict).toThrow(InputError);
    expect(predict).toThrow(`${name} is ${value}`);
  });
});

describe('a plan on a profile', () => {
  it.each([
    [2, 2],
    [3, 2],
    [3, 4],
    [4, 4],
    [4, 3],
  ])('of %d stages on %d cores is beaten by no other split', (stages, cores) => {
    const found = planOnProfile(machine(), model, { ...shape, stages, cores });
    const all = splits(9, stages).map(
      (split) => predictSplit(machine(), model, split, { ...shape, cores }).sequencesPerSecond,
    );
    expect(found.exact).toBe(true);
    expect(found.layersPerIpu.reduce((a, b) => a + b, 0)).toBe(9);
    expect(found.prediction.sequencesPerSecond).toBeGreaterThanOrEqual(Math.max(...all) * 0.9899);
  });

  it('takes layers away from where a heavy embedding is', () => {
    const heavy = machine({ embedding: { tokenNs: 190_000 } });
    const { layersPerIpu } = planOnProfile(heavy, model, { ...shape, stages: 2, cores: 2 });
    expect(layersPerIpu[0]).toBeLessThan(layersPerIpu[1]!);
  });

  it('refuses more stages than layers', () => {
    expect(() => planOnProfile(machine(), model, { ...shape, stages: 10 })).toThrow(
      /stages is 10; the model has 9/,
    );
  });
});
