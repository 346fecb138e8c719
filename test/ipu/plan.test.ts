import fc from 'fast-check';
import { InputError, IpuConfig } from 'ipu-pipeline';
import {
  configuredRun,
  planConfig,
  publishedModel,
  simulateIpus,
  systemByName,
  type IpuRun,
  type ModelShape,
} from 'ipu-pipeline/simulator';
import { memoryPerIpu, planSplit, predictRates, stageCosts } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { largeRun, stagesOf } from './runs.js';

const small = (layers: number, head: ModelShape['head']): ModelShape => ({
  ...publishedModel('bert-small', head)!,
  layers,
});

/** Every split with a layer at least on each IPU that holds neither embedding nor head. */
function allSplits(layers: number, ipus: number, mayBeEmpty: (ipu: number) => boolean): number[][] {
  const splits: number[][] = [];
  const visit = (split: number[], left: number): void => {
    if (split.length === ipus) {
      if (left === 0) splits.push(split);
      return;
    }
    for (let count = mayBeEmpty(split.length) ? 0 : 1; count <= left; count++)
      visit([...split, count], left - count);
  };
  visit([], layers);
  return splits;
}

const cases = fc.record({
  layers: fc.integer({ min: 3, max: 9 }),
  ipus: fc.integer({ min: 2, max: 4 }),
  head: fc.constantFrom('question-answering' as const, 'masked-lm' as const),
  training: fc.boolean(),
  more: fc.integer({ min: 0, max: 20 }),
  microBatch: fc.integer({ min: 1, max: 4 }),
});

function runOf({
  layers,
  ipus,
  head,
  training,
  more,
  microBatch,
}: {
  layers: number;
  ipus: number;
  head: 'question-answering' | 'masked-lm';
  training: boolean;
  more: number;
  microBatch: number;
}) {
  const returns = head === 'masked-lm';
  const split = Array.from({ length: ipus }, (_, ipu) => (ipu === 0 ? layers - (ipus - 1) : 1));
  const stages = stagesOf(split, returns ? 'first' : 'last');
  const depth = (training ? 2 * stages.length - 1 : stages.length) + more;
  const run = largeRun(split, {
    model: small(layers, head),
    stages,
    microBatch,
    mode: training ? 'training' : 'inference',
    gradientAccumulation: training ? depth : 1,
    deviceIterations: training ? 1 : depth,
    ...(training ? {} : { optimizer: null, recompute: 'none' as const }),
  });
  const restage = (counts: readonly number[]): IpuRun => ({
    ...run,
    stages: stagesOf(counts, returns ? 'first' : 'last'),
  });
  const mayBeEmpty = (ipu: number): boolean => ipu === 0 || (!returns && ipu === ipus - 1);
  return { run, restage, mayBeEmpty };
}

describe('planning a split', () => {
  it('finds what brute force finds', () => {
    fc.assert(
      fc.property(cases, (size) => {
        const { run, restage, mayBeEmpty } = runOf(size);
        const plan = planSplit(run);
        expect(plan.exact).toBe(true);
        const best = Math.max(
          ...allSplits(size.layers, size.ipus, mayBeEmpty).map(
            (split) => predictRates(restage(split)).rowsPerSecond,
          ),
        );
        expect(plan.after.rates.rowsPerSecond / best).toBeCloseTo(1, 9);
      }),
      { numRuns: 40 },
    );
  });

  it('is never beaten by moving a layer', () => {
    const { run, restage } = runOf({
      layers: 24,
      ipus: 4,
      head: 'question-answering',
      training: true,
      more: 40,
      microBatch: 2,
    });
    const { layersPerIpu, after } = planSplit(run);
    for (let from = 0; from < 4; from++) {
      for (let to = 0; to < 4; to++) {
        const moved = layersPerIpu.map((n, ipu) => n - Number(ipu === from) + Number(ipu === to));
        if (Math.min(...moved) < 0) continue;
        expect(predictRates(restage(moved)).rowsPerSecond).toBeLessThanOrEqual(after.rates.rowsPerSecond);
      }
    }
  });

  it('keeps to the memory limit', () => {
    const run = largeRun([3, 7, 7, 7], { microBatch: 6 });
    const plan = planSplit(run);
    expect(plan.after.fits).toBe(true);
    expect(() => planSplit({ ...run, microBatch: 64 })).toThrow(InputError);
    expect(() => planSplit({ ...run, microBatch: 64 })).toThrow(/--micro-batch/);
  });

  it('cuts layers in halves where asked, never for the worse', () => {
    const run = largeRun([7, 7, 10], { ipusPerReplica: 3 });
    const whole = planSplit(run);
    const halves = planSplit(run, { halves: true });
    expect(halves.after.rates.rowsPerSecond).toBeGreaterThanOrEqual(whole.after.rates.rowsPerSecond);
    expect(halves.layersPerIpu.reduce((a, b) => a + b)).toBe(24);
    const { stages } = halves.after.run;
    expect(stages.reduce((sum, { attention }) => sum + attention, 0)).toBe(24);
    expect(stages.reduce((sum, { feedForward }) => sum + feedForward, 0)).toBe(24);
  });

  it('plans 24 layers on 16 IPUs exactly', () => {
    const run = largeRun(
      Array.from({ length: 16 }, (_, ipu) => (ipu < 8 ? 2 : 1)),
      { replicas: 1 },
    );
    const plan = planSplit(run);
    expect(plan.exact).toBe(true);
    expect(plan.layersPerIpu.reduce((a, b) => a + b)).toBe(24);
    expect(Math.max(...plan.layersPerIpu)).toBe(2);
  });
});

describe('planning a configuration', () => {
  const settings = {
    model: publishedModel('bert-large')!,
    hardware: systemByName('bow-pod16'),
    mode: 'training' as const,
    sequenceLength: 384,
    microBatch: 2,
  };

  const recipe = {
    optimizer_state_offchip: true,
    recompute_checkpoint_every_layer: true,
    gradient_accumulation_steps: 32,
  };

  it('writes a file that gives what was promised', () => {
    const config = new IpuConfig({ layers_per_ipu: [3, 7, 7, 7], ...recipe });
    const plan = planConfig(config, settings);
    expect(plan.before!.run.stages.map(({ attention }) => attention)).toEqual([3, 7, 7, 7]);
    const ready = new IpuConfig(plan.attributes);
    const { run } = configuredRun(ready, settings);
    expect(simulateIpus(run).rates).toEqual(plan.after.rates);
    expect(plan.after.rates.rowsPerSecond).toBeGreaterThan(plan.before!.rates.rowsPerSecond);
    expect(Object.keys(plan.attributes!).sort()).toEqual([
      'gradient_accumulation_steps',
      'ipus_per_replica',
      'layers_per_ipu',
      'optimizer_state_offchip',
      'recompute_checkpoint_every_layer',
    ]);
  });

  it('plans a model that the file does not fit', () => {
    const config = new IpuConfig({ layers_per_ipu: [0, 4, 4, 4], ...recipe });
    const plan = planConfig(config, settings);
    expect(plan.before).toBeUndefined();
    expect(plan.beforeProblem).toMatch(/layers_per_ipu/);
    expect(plan.layersPerIpu.reduce((a, b) => a + b)).toBe(24);
  });

  it('tries several numbers of IPUs and says why some do not work', () => {
    const config = new IpuConfig({
      layers_per_ipu: [3, 7, 7, 7],
      matmul_proportion: [0.1, 0.2, 0.2, 0.2],
      ...recipe,
    });
    const plan = planConfig(config, settings, { ipusPerReplica: [1, 4, 8, 32] });
    expect(plan.refused.map(({ ipusPerReplica }) => ipusPerReplica)).toEqual([1, 32]);
    expect([4, 8]).toContain(plan.ipusPerReplica);
    expect(new IpuConfig(plan.attributes).get('ipus_per_replica')).toBe(plan.ipusPerReplica);
    expect(() => planConfig(config, settings, { ipusPerReplica: [1] })).toThrow(InputError);
  });

  it('keeps a latency limit in inference', () => {
    const config = new IpuConfig({
      layers_per_ipu: [3, 7, 7, 7],
      inference_device_iterations: 64,
      ...recipe,
    });
    const inference = { ...settings, mode: 'inference' as const };
    const free = planConfig(config, inference);
    const limit = free.after.latencyMs * 0.5;
    expect(() => planConfig(config, inference, { maxLatencyMs: limit })).toThrow(/within/);
    const within = planConfig(config, inference, { maxLatencyMs: free.after.latencyMs * 1.01 });
    expect(within.after.latencyMs).toBeLessThanOrEqual(free.after.latencyMs * 1.01);
    expect(() => planConfig(config, settings, { maxLatencyMs: 5 })).toThrow(InputError);
  });
});

describe('costs', () => {
  it('never fall when an IPU gets more layers', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 0, max: 12 }),
        fc.constantFrom(1, 2, 3, 8),
        fc.constantFrom(64, 128, 384),
        fc.constantFrom('training' as const, 'inference' as const),
        (count, microBatch, sequenceLength, mode) => {
          const whole = (layers: number): number => {
            const run = largeRun([layers, 12], { microBatch, sequenceLength, mode });
            const { forwardNs, recomputeNs, backwardNs } = stageCosts(run)[0]!;
            return forwardNs + recomputeNs + backwardNs;
          };
          expect(whole(count + 1)).toBeGreaterThan(whole(count));
          const used = (layers: number): number =>
            memoryPerIpu(largeRun([layers, 12], { microBatch, sequenceLength, mode }))[0]!.totalBytes;
          expect(used(count + 1)).toBeGreaterThan(used(count));
        },
      ),
      { numRuns: 30 },
    );
  });
});
