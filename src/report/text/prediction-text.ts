import pc from 'picocolors';
import { figure, milliseconds, signedPercent } from '../../../ipu-config/base/format.js';
import { plainTable, warningLines } from './plain-table.js';
import type { BenchmarkPrediction } from '../../machine/predict-benchmark.js';

/** Predictions and measurements side by side. */
export function predictionText({ profiled, runs, warnings }: BenchmarkPrediction): string {
  const table = plainTable([
    '',
    'predicted',
    'measured',
    'error',
    'p50 predicted',
    'measured',
    'stages predicted',
    'measured',
  ]);
  for (const { run, predicted, measured, error } of runs) {
    table.push([
      run,
      `${figure(predicted.sequencesPerSecond)} seq/s`,
      `${figure(measured.sequencesPerSecond)} seq/s`,
      signedPercent(error),
      milliseconds(predicted.latencyMs.p50),
      milliseconds(measured.latencyMs.p50),
      predicted.stageMs.map((ms) => figure(ms)).join(' · '),
      `${measured.stageMs.map((ms) => figure(ms)).join(' · ')} ms`,
    ]);
  }
  return [
    pc.bold(`Predicted from the profile of ${profiled}`),
    table.toString(),
    ...warningLines(warnings),
  ].join('\n');
}
