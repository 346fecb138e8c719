import { adviceFor, publishedModel, simulateIpus, type IpuRun } from 'ipu-pipeline/simulator';
import { memoryPerIpu } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { largeRun, stagesOf } from './runs.js';

const base = publishedModel('bert-base')!;
const fits = (run: IpuRun): boolean => memoryPerIpu(run).every((ipu) => ipu.fits);
const onChip = {
  name: 'lamb',
  stateOffChip: false,
  replicatedTensorSharding: true,
  statePrecision: 'float32',
} as const;

/** Recipes of graphcore/examples, nlp/bert (v3.4.1), which ran on the systems they name. */
const RAN: readonly (readonly [string, IpuRun])[] = [
  [
    'large, 128, micro-batch 8',
    largeRun([3, 7, 7, 7], {
      model: publishedModel('bert-large', 'pretraining')!,
      stages: stagesOf([3, 7, 7, 7], 'first'),
      sequenceLength: 128,
      microBatch: 8,
      matmulProportion: [0.15, 0.25, 0.25, 0.25],
    }),
  ],
  [
    'large, 512, micro-batch 2',
    largeRun([3, 7, 7, 7], {
      model: publishedModel('bert-large', 'pretraining')!,
      stages: stagesOf([3, 7, 7, 7], 'first'),
      sequenceLength: 512,
      matmulProportion: [0.1, 0.15, 0.15, 0.15],
    }),
  ],
  [
    'base, 128, micro-batch 32',
    largeRun([0, 4, 4, 4], {
      model: base,
      sequenceLength: 128,
      microBatch: 32,
      optimizer: onChip,
      matmulProportion: [0.25, 0.25, 0.25, 0.25],
    }),
  ],
  [
    'base, 512, micro-batch 8',
    largeRun([0, 4, 4, 4], {
      model: base,
      sequenceLength: 512,
      microBatch: 8,
      optimizer: onChip,
      matmulProportion: [0.25, 0.25, 0.25, 0.25],
    }),
  ],
  ['large, SQuAD, 4 × 4', largeRun([3, 7, 7, 7], { matmulProportion: [0.15, 0.25, 0.25, 0.25] })],
  [
    'large, SQuAD, 8 IPUs, 2 replicas',
    largeRun([2, 3, 3, 3, 3, 3, 3, 4], {
      microBatch: 4,
      replicas: 2,
      optimizer: onChip,
      matmulProportion: [0.08, 0.25, 0.32, 0.32, 0.36, 0.38, 0.4, 0.32],
    }),
  ],
  [
    'large, inference, 128, micro-batch 3, one IPU',
    largeRun([24], {
      mode: 'inference',
      optimizer: null,
      recompute: 'none',
      sequenceLength: 128,
      microBatch: 3,
      replicas: 1,
      gradientAccumulation: 1,
      deviceIterations: 8,
    }),
  ],
  [
    'base, inference, 128, micro-batch 80, one IPU',
    largeRun([12], {
      model: base,
      mode: 'inference',
      optimizer: null,
      recompute: 'none',
      sequenceLength: 128,
      microBatch: 80,
      replicas: 1,
      gradientAccumulation: 1,
      deviceIterations: 8,
      matmulProportion: [0.55],
    }),
  ],
];

describe('memory of IPUs', () => {
  it.each(RAN)('has room for a recipe that ran: %s', (_, run) => expect(fits(run)).toBe(true));

  it('has no room for training BERT-large on one IPU', () => {
    const run = largeRun([24], { microBatch: 1, sequenceLength: 128, replicas: 16 });
    expect(fits(run)).toBe(false);
    expect(memoryPerIpu(run)[0]!.limitBytes).toBe(1472 * 638976);
  });

  it('has no room for the 8-IPU SQuAD recipe without its second replica', () => {
    const [, run] = RAN[5]!;
    expect(fits({ ...run, replicas: 1 })).toBe(false);
  });

  it('stashes as PopART: 2 (S − 1 − j) + 1 micro-batches', () => {
    const run = largeRun([6, 6, 6, 6], { recompute: 'stage' });
    const boundary = 2 * 384 * 1024 * 2;
    const stash = memoryPerIpu(run).map(({ bytes }) => bytes.stash);
    expect(stash).toEqual([0, 5 * boundary, 3 * boundary, 0]); // IPU 0 stashes token ids only; the last goes back at once
  });

  it('adds up', () => {
    for (const { bytes, totalBytes } of memoryPerIpu(largeRun([3, 7, 7, 7]))) {
      const sum = Object.values(bytes).reduce((a, b) => a + b, 0);
      expect(Math.abs(sum - totalBytes)).toBeLessThan(1);
    }
  });
});

describe('advice for a run that does not fit', () => {
  const tooMuch = largeRun([3, 7, 7, 7], {
    microBatch: 12,
    optimizer: { ...onChip, replicatedTensorSharding: false },
  });

  it('is what trying each knob gives', () => {
    expect(simulateIpus(tooMuch).fits).toBe(false);
    const advice = adviceFor(simulateIpus(tooMuch));
    const changes = advice.map(({ change }) => change);
    expect(changes).toContain('optimizer_state_offchip=true');
    expect(changes).toContain('--micro-batch 6');
    const fullest = (run: IpuRun): number =>
      Math.max(...memoryPerIpu(run).map(({ totalBytes }) => totalBytes));
    const halved = advice.find(({ change }) => change === '--micro-batch 6')!;
    expect(halved.bytesSaved).toBe(fullest(tooMuch) - fullest({ ...tooMuch, microBatch: 6 }));
    expect(halved.fits).toBe(fits({ ...tooMuch, microBatch: 6 }));
    for (const { bytesSaved } of advice) expect(bytesSaved).toBeGreaterThan(0);
  });

  it('puts what makes it fit first', () => {
    const fitting = adviceFor(simulateIpus(tooMuch)).map((one) => one.fits);
    expect([...fitting].sort((a, b) => Number(b) - Number(a))).toEqual(fitting);
  });
});
