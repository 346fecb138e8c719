import { InputError, IpuPipelineError } from '../../ipu-config/base/errors.js';
import { short } from '../../ipu-config/base/json-text.js';
import { calibrationOf, type Calibration } from '../hardware/calibration.js';
import { predictRates, type PredictedRates } from '../hardware/predict.js';
import type { IpuRun } from '../hardware/run-spec.js';

/** What a measured run gives; any of the three. */
export interface Measured {
  readonly rowsPerSecond?: number;
  readonly sequencesPerSecond?: number;
  /** One weight update in training, one call in inference. */
  readonly stepSeconds?: number;
}

export interface MeasuredPoint {
  readonly id: string;
  readonly run: IpuRun;
  readonly measured: Measured;
  readonly quality?: string;
}

export interface ComparedPoint {
  readonly id: string;
  readonly predicted: PredictedRates;
  readonly measured: Measured;
  /** Predicted over measured throughput, less one; negative: predicted slower than it was. Null: nothing to compare. */
  readonly error: number | null;
  /** How good predictions of such runs were. */
  readonly calibration: Calibration;
}

export interface PointsComparison {
  readonly points: readonly ComparedPoint[];
  readonly meanAbsoluteError: number | null;
  readonly worstAbsoluteError: number | null;
}

/** Predicted against measured, point by point. @throws InputError naming the point that cannot be simulated */
export function comparePoints(points: readonly MeasuredPoint[]): PointsComparison {
  const compared = points.map(({ id, run, measured }): ComparedPoint => {
    const predicted = ratesOfPoint(id, run);
    return { id, predicted, measured, error: errorOf(predicted, measured), calibration: calibrationOf(run) };
  });
  const errors = compared.flatMap(({ error }) => (error === null ? [] : [Math.abs(error)]));
  return {
    points: compared,
    meanAbsoluteError: errors.length === 0 ? null : errors.reduce((sum, e) => sum + e, 0) / errors.length,
    worstAbsoluteError: errors.length === 0 ? null : Math.max(...errors),
  };
}

function ratesOfPoint(id: string, run: IpuRun): PredictedRates {
  try {
    return predictRates(run);
  } catch (error) {
    if (!(error instanceof IpuPipelineError)) throw error;
    throw new InputError(`Point ${short(id)} cannot be simulated: ${error.message}`, { cause: error });
  }
}

function errorOf(predicted: PredictedRates, measured: Measured): number | null {
  if (measured.rowsPerSecond !== undefined) return predicted.rowsPerSecond / measured.rowsPerSecond - 1;
  if (measured.sequencesPerSecond !== undefined) {
    return predicted.sequencesPerSecond / measured.sequencesPerSecond - 1;
  }
  return measured.stepSeconds === undefined ? null : measured.stepSeconds / predicted.stepSeconds - 1;
}
