import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fitModel, type Measurement, type ModelMeasurements } from 'ipu-pipeline/internals';
import { config } from './machine.js';

const SHAPES = [16, 128, 384].flatMap((sequenceLength) =>
  [1, 2, 4].map((microBatch) => ({ sequenceLength, microBatch })),
);
const PARTS = [
  ['embedding', 0],
  ['empty', 0],
  ['layers', 1],
  ['layers', 3],
  ['head', 0],
] as const;

interface Truth {
  readonly callNs: number;
  readonly copyNsPerByte: number;
  readonly embeddingNs: number;
  readonly weightsNs: number;
  readonly tokenNs: number;
  readonly tokenPairNs: number;
  readonly headNs: number;
  readonly besideWeights: number;
  readonly besideCompute: number;
  readonly threadsCompute: number;
}

const truth: fc.Arbitrary<Truth> = fc.record({
  callNs: fc.double({ min: 2e4, max: 5e5, noNaN: true }),
  copyNsPerByte: fc.double({ min: 0.05, max: 1, noNaN: true }),
  embeddingNs: fc.double({ min: 500, max: 10_000, noNaN: true }),
  weightsNs: fc.double({ min: 1e5, max: 5e6, noNaN: true }),
  tokenNs: fc.double({ min: 1e3, max: 1e6, noNaN: true }),
  tokenPairNs: fc.double({ min: 5, max: 500, noNaN: true }),
  headNs: fc.double({ min: 100, max: 5_000, noNaN: true }),
  besideWeights: fc.double({ min: 1, max: 2.5, noNaN: true }),
  besideCompute: fc.double({ min: 1, max: 1.6, noNaN: true }),
  threadsCompute: fc.double({ min: 0.5, max: 1, noNaN: true }),
});

/** What the parts would take on such a machine. */
function measure(of: Truth): Measurement[] {
  const levels = [
    [1, 1],
    [2, 1],
    [1, 2],
  ] as const;
  return levels.flatMap(([stagesAtOnce, threadsPerStage]) =>
    PARTS.flatMap(([part, layers]) =>
      SHAPES.map(({ sequenceLength, microBatch }) => {
        const tokens = sequenceLength * microBatch;
        const hidden = 4 * tokens * (config.hiddenSize + 1);
        const input = part === 'embedding' ? 12 * tokens : hidden;
        const overheadNs = of.callNs + of.copyNsPerByte * (input + (part === 'head' ? 8 * tokens : hidden));
        const weightsNs = layers * of.weightsNs;
        const computeNs =
          layers * tokens * (of.tokenNs + of.tokenPairNs * sequenceLength) +
          (part === 'embedding' ? of.embeddingNs * tokens : 0) +
          (part === 'head' ? of.headNs * tokens : 0);
        const timeNs =
          stagesAtOnce === 2
            ? weightsNs * of.besideWeights + (computeNs + overheadNs) * of.besideCompute
            : weightsNs + computeNs * (threadsPerStage === 2 ? of.threadsCompute : 1) + overheadNs;
        return {
          ...{ part, layers, sequenceLength, microBatch, stagesAtOnce, threadsPerStage, timeNs },
          quartilesNs: [timeNs, timeNs],
          samples: 1,
        };
      }),
    ),
  );
}

function fit(measurements: readonly Measurement[]): ReturnType<typeof fitModel> {
  const measured: ModelMeasurements = {
    ...{
      name: 'x',
      config,
      head: 'question-answering',
      dispatchNs: 1,
      wakeNs: 2,
      otherLoadShare: 0,
      measurements,
    },
    timeSharing: { threads: 4, efficiency: 1 },
  };
  return fitModel(measured);
}

describe('the fit of a profile', () => {
  it('finds the times of a machine that follows the rule', () => {
    fc.assert(
      fc.property(truth, (of) => {
        const { action, embedding, layer, head, contention, stageThreads, fit: errors } = fit(measure(of));
        const close = (found: number, wanted: number): void => expect(found / wanted).toBeCloseTo(1, 3);
        close(action.callNs, of.callNs);
        close(action.copyNsPerByte, of.copyNsPerByte);
        close(embedding.tokenNs, of.embeddingNs);
        close(layer.weightsNs, of.weightsNs);
        close(layer.tokenNs, of.tokenNs);
        close(layer.tokenPairNs, of.tokenPairNs);
        close(head.tokenNs, of.headNs);
        expect(head.weightsNs).toBeLessThan(of.callNs * 1e-3);
        close(contention[1]!.weightsFactor, of.besideWeights);
        close(contention[1]!.computeFactor, of.besideCompute);
        close(stageThreads[1]!.computeFactor, of.threadsCompute);
        expect(errors.worstError).toBeLessThan(1e-3);
      }),
      { numRuns: 50 },
    );
  });

  it('gives no negative time and no help from neighbours, whatever the noise', () => {
    const noise = fc.array(fc.double({ min: 0.5, max: 2, noNaN: true }), { minLength: 135, maxLength: 135 });
    fc.assert(
      fc.property(truth, noise, (of, factors) => {
        const noisy = measure(of).map((each, at) => ({ ...each, timeNs: each.timeNs * factors[at]! }));
        const { action, embedding, layer, head, contention, stageThreads } = fit(noisy);
        const times = [action, embedding, layer, head].flatMap((part) => Object.values<number>(part));
        for (const value of times) expect(value).toBeGreaterThanOrEqual(0);
        for (const { weightsFactor, computeFactor } of contention) {
          expect(Math.min(weightsFactor, computeFactor)).toBeGreaterThanOrEqual(1);
        }
        for (const { weightsFactor, computeFactor } of stageThreads) {
          expect(Math.min(weightsFactor, computeFactor)).toBeGreaterThanOrEqual(0);
        }
      }),
      { numRuns: 50 },
    );
  });
});
