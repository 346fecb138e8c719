import type { ModelHead, ModelConfig, Slice } from '../models/model-config.js';
import type { Contention, Measurement, ModelProfile, StageThreads } from './machine-profile.js';
import { nonnegativeLeastSquares } from './nonnegative-least-squares.js';
import { copiedBytes } from './stage-work.js';

/** What was measured of a model, before the fit. */
export interface ModelMeasurements {
  readonly name: string;
  readonly config: ModelConfig;
  readonly head: ModelHead | null;
  readonly dispatchNs: number;
  readonly wakeNs: number;
  /** Of the cores' time, by other processes while it was measured. */
  readonly otherLoadShare: number;
  readonly timeSharing: ModelProfile['timeSharing'];
  readonly measurements: readonly Measurement[];
}

interface MeasuredAction extends Measurement {
  /** In and out of slots. */
  readonly bytes: number;
}

/** Times of one thread with the machine to itself. */
type Coefficients = Pick<ModelProfile, 'action' | 'embedding' | 'layer' | 'head'>;

/**
 * Fits the times of a model's parts to what was measured. All coefficients are times or factors from 0, each of one
 * thing that the machine does:
 *
 *     action = call + bytes · copy + embedding · tokens + head(weights + tokens)
 *            + layers · (weights + token · tokens + pair · tokens · sequence)
 *
 * The errors are weighed by the measured times, so that short rows count as much as long ones.
 */
export function fitModel(measured: ModelMeasurements): ModelProfile {
  const { name, config, head, timeSharing, otherLoadShare } = measured;
  const measurements = measured.measurements.map((each) => ({
    ...each,
    bytes: copiedBytes(config, sliceOf(each, head), each),
  }));
  const alone = measurements.filter(
    ({ stagesAtOnce, threadsPerStage }) => stagesAtOnce === 1 && threadsPerStage === 1,
  );
  const fitted = fitAlone(alone, measured);
  return {
    name,
    hiddenSize: config.hiddenSize,
    intermediateSize: config.intermediateSize,
    attentionHeads: config.numAttentionHeads,
    vocabSize: config.vocabSize,
    headName: head,
    ...fitted,
    contention: fitContention(fitted, measurements, alone),
    timeSharing,
    stageThreads: fitThreads(fitted, measurements),
    fit: fitErrors(fitted, alone),
    otherLoadShare,
    measurements: [...measured.measurements],
  };
}

/** Of what kind the tensors are that it takes and gives. */
function sliceOf({ part, layers }: Measurement, head: ModelHead | null): Slice {
  const isHead = part === 'head';
  return { embedding: part === 'embedding', firstLayer: 0, endLayer: layers, head: isHead ? head : null };
}

function fitAlone(alone: readonly MeasuredAction[], { dispatchNs, wakeNs }: ModelMeasurements): Coefficients {
  const [callNs, copyNsPerByte, embedding, weightsNs, tokenNs, tokenPairNs, headWeights, headToken] =
    nonnegativeLeastSquares(
      alone.map((each) => terms(each).map((term) => term / each.timeNs)),
      alone.map(() => 1),
    ) as [number, number, number, number, number, number, number, number];
  return {
    action: { dispatchNs, wakeNs, callNs, copyNsPerByte },
    embedding: { tokenNs: embedding },
    layer: { weightsNs, tokenNs, tokenPairNs },
    head: { weightsNs: headWeights, tokenNs: headToken },
  };
}

/** What each coefficient is multiplied by. */
function terms({ part, layers, microBatch, sequenceLength, bytes }: MeasuredAction): number[] {
  const tokens = microBatch * sequenceLength;
  const [isEmbedding, isHead] = [Number(part === 'embedding'), Number(part === 'head')];
  return [
    1,
    bytes,
    isEmbedding * tokens,
    layers,
    layers * tokens,
    layers * tokens * sequenceLength,
    isHead,
    isHead * tokens,
  ];
}

function partsOf(
  { action, embedding, layer, head }: Coefficients,
  each: MeasuredAction,
): {
  weightsNs: number;
  computeNs: number;
  overheadNs: number;
} {
  const [, bytes, embedded, layers, tokens, pairs, heads, headTokens] = terms(each) as number[] & {
    length: 8;
  };
  return {
    weightsNs: layers! * layer.weightsNs + heads! * head.weightsNs,
    computeNs:
      embedded! * embedding.tokenNs +
      tokens! * layer.tokenNs +
      pairs! * layer.tokenPairNs +
      headTokens! * head.tokenNs,
    overheadNs: action.callNs + bytes! * action.copyNsPerByte,
  };
}

/** How much longer layers take beside others: never less long, whatever the noise says. */
function fitContention(
  fitted: Coefficients,
  measurements: readonly MeasuredAction[],
  alone: readonly MeasuredAction[],
): Contention[] {
  const levels = levelsOf(measurements, ({ stagesAtOnce }) => stagesAtOnce);
  return levels.map((threads) => {
    if (threads === 1) return { threads, weightsFactor: 1, computeFactor: 1 };
    const pairs = measurements.flatMap((beside) => {
      if (beside.part !== 'layers' || beside.stagesAtOnce !== threads) return [];
      const same = alone.find((each) => isSameWork(each, beside));
      return same ? [{ beside, aloneNs: same.timeNs }] : [];
    });
    const [weights, compute] = nonnegativeLeastSquares(
      pairs.map(({ beside, aloneNs }) => {
        const { weightsNs, computeNs, overheadNs } = partsOf(fitted, beside);
        return [weightsNs / aloneNs, (computeNs + overheadNs) / aloneNs];
      }),
      pairs.map(({ beside, aloneNs }) => beside.timeNs / aloneNs - 1),
    ) as [number, number];
    return { threads, weightsFactor: 1 + weights, computeFactor: 1 + compute };
  });
}

function fitThreads(fitted: Coefficients, measurements: readonly MeasuredAction[]): StageThreads[] {
  const levels = levelsOf(measurements, ({ threadsPerStage }) => threadsPerStage);
  return levels.map((threads) => {
    if (threads === 1) return { threads, weightsFactor: 1, computeFactor: 1 };
    const used = measurements.filter((each) => each.part === 'layers' && each.threadsPerStage === threads);
    const [weightsFactor, computeFactor] = nonnegativeLeastSquares(
      used.map((each) => {
        const { weightsNs, computeNs } = partsOf(fitted, each);
        return [weightsNs / each.timeNs, computeNs / each.timeNs];
      }),
      used.map((each) => 1 - partsOf(fitted, each).overheadNs / each.timeNs),
    ) as [number, number];
    return { threads, weightsFactor, computeFactor };
  });
}

function fitErrors(fitted: Coefficients, alone: readonly MeasuredAction[]): ModelProfile['fit'] {
  const errors = alone
    .filter(({ part }) => part === 'layers')
    .map((each) => {
      const { weightsNs, computeNs, overheadNs } = partsOf(fitted, each);
      return Math.abs((weightsNs + computeNs + overheadNs) / each.timeNs - 1);
    });
  const meanError = errors.reduce((sum, error) => sum + error, 0) / Math.max(1, errors.length);
  return { meanError, worstError: Math.max(0, ...errors) };
}

function isSameWork(a: MeasuredAction, b: MeasuredAction): boolean {
  return (
    a.part === b.part &&
    a.layers === b.layers &&
    a.microBatch === b.microBatch &&
    a.sequenceLength === b.sequenceLength
  );
}

function levelsOf(
  measurements: readonly MeasuredAction[],
  of: (measurement: MeasuredAction) => number,
): number[] {
  return [...new Set([1, ...measurements.map(of)])].sort((a, b) => a - b);
}
