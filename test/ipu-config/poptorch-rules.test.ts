import { serializeEmbedding, trainerThroughput } from 'ipu-pipeline/config';
import {
  checkPipelineMinimum,
  checkPopartDepth,
  defaultOutputMode,
  microBatchOf,
  replicationOf,
  reservedIpus,
  resultBatches,
  serializedRow,
  stepsPerEpoch,
  type PoptorchOutputMode,
} from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { thrown } from './thrown.js';

describe('pipeline minimum', () => {
  const check = (
    mode: 'training' | 'inference',
    strategy: 'PipelinedExecution' | 'ShardedExecution',
    forwardStages: number,
    gradientAccumulation: number,
    deviceIterations: number,
  ): string =>
    thrown(() => {
      checkPipelineMinimum({ mode, strategy, forwardStages, gradientAccumulation, deviceIterations });
    });

  it('wants one micro-batch for each stage', () => {
    expect(check('training', 'PipelinedExecution', 3, 5, 1)).toBe('nothing');
    expect(check('training', 'PipelinedExecution', 3, 4, 99)).toMatch(
      /^Error: .*gradientAccumulation.*\(5\).*with 3 pipeline stages in PopTorch will have an additional 2 stages/,
    );
    expect(check('inference', 'PipelinedExecution', 3, 1, 3)).toBe('nothing');
    expect(check('inference', 'PipelinedExecution', 3, 1, 2)).toMatch(/deviceIterations must be .*\(3\)/);
    expect(check('inference', 'ShardedExecution', 3, 1, 1)).toBe('nothing');
    expect(check('training', 'ShardedExecution', 3, 1, 1)).toBe('nothing');
    expect(check('inference', 'ShardedExecution', 3, 3, 1)).toMatch(/inferenceModel\(\)\.$/);
    expect(check('inference', 'PipelinedExecution', 3, 3, 9)).toMatch(/pipelined execution instead\.$/);
  });

  it('is the same rule in PopART', () => {
    const depth = (
      mode: 'training' | 'inference',
      gradientAccumulation: number | null,
      batchesPerStep: number,
    ): number => checkPopartDepth({ ipus: 2, mode, gradientAccumulation, batchesPerStep });
    expect(depth('inference', null, 2)).toBe(2);
    expect(depth('training', 3, 1)).toBe(3);
    expect(thrown(() => depth('training', null, 2))).toBe(
      'popart_exception: For pipelining, depth (batchesPerStep) must equal at least the number of pipeline stages (3)',
    );
    expect(thrown(() => depth('training', 2, 9))).toContain('depth (gradient accumulation factor)');
  });
});

describe('IPUs', () => {
  it('are reserved in powers of two, up to 64', () => {
    expect([1, 2, 3, 5, 33, 64].map((n) => reservedIpus(n, 1, true))).toEqual([1, 2, 4, 8, 64, 64]);
    expect(thrown(() => reservedIpus(6, 1, false))).toMatch(
      /use of 6 IPUs, however PopTorch must reserve a minimum of 8/,
    );
    expect(thrown(() => reservedIpus(13, 5, true))).toContain('Too many IPUs requested (65)');
  });

  it('hold as many replicas as fit', () => {
    expect([replicationOf(8, 4), replicationOf(6, 4), replicationOf(2, 4)]).toEqual([2, 1, 0]);
  });
});

describe('batches', () => {
  const call = { deviceIterations: 2, replication: 6, inputGroupSize: 3, gradientAccumulation: 5 };

  it('share one call out evenly', () => {
    expect(microBatchOf({ ...call, batchDim: 60 })).toEqual({ microBatch: 3, factor: 20 });
    expect(thrown(() => microBatchOf({ ...call, batchDim: 61 }))).toMatch(
      /^AssertionError: .*batch dimension \(61\).*deviceIterations\(2\).*replicationFactor\(6\).*size\(3\)\) .*Accumulation\(5\) = 20 because/,
    );
  });

  it('make steps and throughput', () => {
    expect([stepsPerEpoch(10, 4, true), stepsPerEpoch(10, 4, false), stepsPerEpoch(8, 4, false)]).toEqual([
      2, 3, 2,
    ]);
    expect(trainerThroughput(1000, 10, 3)).toEqual({ samplesPerSecond: 333.333, stepsPerSecond: 3.333 });
  });

  it('give back what the output mode says', () => {
    const count = (outputMode: PoptorchOutputMode, more: object = {}): number =>
      resultBatches({ outputMode, replication: 3, deviceIterations: 5, gradientAccumulation: 2, ...more });
    expect([count('All'), count('Final'), count('Sum'), count('Default')]).toEqual([30, 3, 3, 3]);
    expect(count('Default', { mode: 'inference' })).toBe(30);
    expect([count('EveryN', { n: 5 }), count('EveryN', { n: 4 })]).toEqual([6, 6]);
    expect(thrown(() => count('EveryN'))).toContain('ValueError');
    expect([defaultOutputMode('training'), defaultOutputMode('inference')]).toEqual(['Final', 'All']);
  });
});

describe('a serialized embedding', () => {
  it('is cut into equal blocks of rows', () => {
    expect(serializeEmbedding(12, 3)).toEqual({
      splitSize: 4,
      rowRanges: [
        [0, 4],
        [4, 8],
        [8, 12],
      ],
    });
    expect(serializedRow(12, 3, 9)).toEqual({ split: 2, index: 1 });
  });

  it('must come out even', () => {
    expect(thrown(() => serializeEmbedding(30522, 4))).toBe(
      'AssertionError: embedding_serialization_factor=4 does not divide the 30522 rows of the embedding table.' +
        ' Up to 16, these do: 1, 2, 3, 6.',
    );
    expect(thrown(() => serializeEmbedding(8, 0))).toContain('AssertionError');
    expect(thrown(() => serializedRow(8, 2, 8))).toContain('Row 8 is not in a table of 8 rows');
  });
});
