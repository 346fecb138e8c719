import type { Measured, MeasuredPoint } from '../planning/points.js';
import type { IpuRun } from './run-spec.js';
import { simulateCall, type SimulatedCall } from './simulate-run.js';

export interface PredictedRates {
  readonly rowsPerSecond: number;
  readonly sequencesPerSecond: number;
  /** One weight update in training, one call in inference. */
  readonly stepSeconds: number;
}

/** @throws ConfigError when too few micro-batches fill the pipeline */
export function predictRates(run: IpuRun): PredictedRates {
  return ratesOf(simulateCall(run));
}

export function ratesOf({ run, callNs }: SimulatedCall): PredictedRates {
  const training = run.mode === 'training';
  const microBatches = (training ? run.gradientAccumulation : 1) * run.deviceIterations;
  const rows = run.microBatch * microBatches * run.replicas;
  const rowsPerSecond = rows / (callNs / 1e9);
  return {
    rowsPerSecond,
    sequencesPerSecond: rowsPerSecond * run.sequencesPerRow,
    stepSeconds: callNs / 1e9 / (training ? run.deviceIterations : 1),
  };
}

export interface ComparedPoint {
  readonly id: string;
  readonly predicted: PredictedRates;
  readonly measured: Measured;
  /** Predicted over measured throughput, less one; negative: predicted slower than it was. Null: nothing to compare. */
  readonly error: number | null;
}

export interface PointsComparison {
  readonly points: readonly ComparedPoint[];
  readonly meanAbsoluteError: number | null;
  readonly worstAbsoluteError: number | null;
}

/** Predicted against measured, point by point. */
export function comparePoints(points: readonly MeasuredPoint[]): PointsComparison {
  const compared = points.map(({ id, run, measured }): ComparedPoint => {
    const predicted = predictRates(run);
    return { id, predicted, measured, error: errorOf(predicted, measured) };
  });
  const errors = compared.flatMap(({ error }) => (error === null ? [] : [Math.abs(error)]));
  return {
    points: compared,
    meanAbsoluteError: errors.length === 0 ? null : errors.reduce((sum, e) => sum + e, 0) / errors.length,
    worstAbsoluteError: errors.length === 0 ? null : Math.max(...errors),
  };
}

function errorOf(predicted: PredictedRates, measured: Measured): number | null {
  if (measured.rowsPerSecond !== undefined) return predicted.rowsPerSecond / measured.rowsPerSecond - 1;
  if (measured.sequencesPerSecond !== undefined) {
    return predicted.sequencesPerSecond / measured.sequencesPerSecond - 1;
  }
  return measured.stepSeconds === undefined ? null : measured.stepSeconds / predicted.stepSeconds - 1;
}
