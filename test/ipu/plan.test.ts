import fc from 'fast-check';
import { InputError, IpuConfig } from 'ipu-pipeline';
import {
  configuredRun,
  HEADS,
  planConfig,
  publishedModel,
  simulateIpus,
  systemByName,
  type IpuRun,
  type IpuSimulation,
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
  layers: fc.integer({ min: 3, max: 7 }),
  ipus: fc.integer({ min: 1, max: 4 }),
  head: fc.constantFrom(...HEADS),
  mode: fc.constantFrom('training' as const, 'inference' as const),
  objective: fc.constantFrom('throughput' as const, 'latency' as const),
  execution: fc.constantFrom(undefined, 'pipelined' as const, 'sharded' as const),
  more: fc.integer({ min: 0, max: 12 }),
  microBatch: fc.integer({ min: 1, max: 4 }),
  proportions: fc.array(fc.constantFrom(0.02, 0.2, 0.6), { minLength: 4, maxLength: 4 }),
  /** Of the way from the shortest latency to the longest. */
  limit: fc.option(fc.double({ min: 0, max: 1, noNaN: true }), { nil: undefined }),
  /** So that some splits do not fit. */
  scale: fc.constantFrom(1, 1, 0.4, 0.2),
});
type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** What a user could write into the file, and what the simulator says of it: the first split is left open. */
function everySplit(size: Case) {
  const { layers, ipus, head, mode, objective, execution, more, microBatch, proportions, limit } = size;
  const prefix = mode === 'training' ? '' : 'inference_';
  const configOf = (split: readonly number[]) =>
    new IpuConfig({
      [`${prefix}layers_per_ipu`]: split,
      [`${prefix}ipus_per_replica`]: ipus,
      [`${prefix}matmul_proportion`]: proportions.slice(0, ipus),
      gradient_accumulation_steps: 2 * ipus + 1 + more,
      inference_device_iterations: ipus + 1 + more,
    });
  const hardware = systemByName('pod4', { 'chip.sramBytesPerTile': 638_976 * size.scale });
  const model = small(layers, head);
  const settings = {
    model,
    hardware,
    mode,
    sequenceLength: 512,
    microBatch,
    ...(execution && { execution }),
  };
  const all = allSplits(layers, ipus, () => true)
    .map((split) => simulateIpus(configuredRun(configOf(split), settings).run))
    .filter(({ run, fits }) => fits && new Set(run.stages.map(({ ipu }) => ipu)).size === ipus);
  const latencies = all.map(({ latencyMs }) => latencyMs);
  const [least, most] = [Math.min(...latencies), Math.max(...latencies)];
  const maxLatencyMs =
    limit === undefined || mode === 'training' || all.length === 0
      ? undefined
      : least + limit * (most - least);
  const options = { objective, ...(maxLatencyMs === undefined ? {} : { maxLatencyMs }) };
  const allowed = all.filter(({ latencyMs }) => latencyMs <= (maxLatencyMs ?? Infinity));
  return { open: configOf(new Array<number>(ipus).fill(-1)), settings, options, allowed };
}

describe('planning a split', () => {
  it('finds what brute force over the simulator finds', () => {
    fc.assert(
      fc.property(cases, (size) => {
        const { open, settings, options, allowed } = everySplit(size);
        if (allowed.length === 0) {
          expect(() => planConfig(open, settings, options)).toThrow(InputError);
          return;
        }
        const { after, exact } = planConfig(open, settings, options);
        expect(exact).toBe(true);
        expect(after.latencyMs).toBeLessThanOrEqual(options.maxLatencyMs ?? Infinity);
        const worth = ({ latencyMs, rates }: IpuSimulation): number =>
          size.objective === 'latency' ? -latencyMs : rates.sequencesPerSecond;
        expect(worth(after)).toBe(Math.max(...allowed.map(worth)));
      }),
      { numRuns: 60 },
    );
  });

  it('finds the latency that the issue named', () => {
    const sizes = { hiddenSize: 1600, attentionHeads: 25, layers: 6, intermediateSize: 6400 };
    const model = { name: 'm', ...sizes, vocabSize: 50257, maxPositions: 1024, head: 'masked-lm' as const };
    const settings = { model, hardware: systemByName('pod4'), mode: 'inference' as const, microBatch: 1 };
    const plan = planConfig(
      new IpuConfig({ layers_per_ipu: [2, 2, 2] }),
      { ...settings, sequenceLength: 512 },
      { objective: 'latency' },
    );
    const every = allSplits(6, 3, (ipu) => ipu === 0).map((split) => {
      const config = new IpuConfig({ layers_per_ipu: split });
      return simulateIpus(configuredRun(config, { ...settings, sequenceLength: 512 }).run);
    });
    const allowed = every.filter(({ fits }) => fits);
    expect(plan.after.latencyMs).toBe(Math.min(...allowed.map(({ latencyMs }) => latencyMs)));
    expect(plan.searched).toMatch(/splits of 6 layers over 3 IPUs by latency.*neither embedding nor head/);
  });

  it('is never beaten by moving a layer', () => {
    const run = largeRun([6, 6, 6, 6], { gradientAccumulation: 47 });
    const restage = (counts: readonly number[]): IpuRun => ({ ...run, stages: stagesOf(counts) });
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
