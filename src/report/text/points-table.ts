import type { LeftOut } from '../../planning/calibrate.js';
import type { HardwareOverrides } from '../../hardware/hardware-specs.js';
import type { ComparedPoint, PointsComparison } from '../../planning/compare-points.js';
import { figure } from '../../../ipu-config/base/format.js';
import { plainTable } from './plain-table.js';

/** Predicted against measured, a line for each point. */
export function pointsTable(comparison: PointsComparison): string {
  const table = plainTable([
    'point',
    'predicted rows/s',
    'measured',
    'predicted step',
    'measured',
    'error',
    'kind',
    'usual error',
  ]);
  for (const point of comparison.points) {
    const { predicted, measured } = point;
    table.push([
      point.id,
      figure(predicted.rowsPerSecond),
      measuredRate(point),
      `${figure(predicted.stepSeconds)} s`,
      measured.stepSeconds === undefined ? '–' : `${figure(measured.stepSeconds)} s`,
      point.error === null ? '–' : signedPercent(point.error),
      point.calibration.kind,
      point.calibration.isCalibrated
        ? `± ${absolutePercent(point.calibration.meanError!)}`
        : 'not calibrated',
    ]);
  }
  const { meanAbsoluteError: mean, worstAbsoluteError: worst } = comparison;
  if (mean === null || worst === null) return `${table.toString()}\nNothing was measured.`;
  return `${table.toString()}\nmean error ${absolutePercent(mean)}, worst ${absolutePercent(worst)}; negative: predicted slower than measured`;
}

function measuredRate({ measured }: ComparedPoint): string {
  if (measured.rowsPerSecond !== undefined) return figure(measured.rowsPerSecond);
  return measured.sequencesPerSecond === undefined
    ? '–'
    : `${figure(measured.sequencesPerSecond)} sequences/s`;
}

/** What a fit found, and how well it predicts what it has not seen. */
export function fitText(fit: HardwareOverrides, leftOut: readonly LeftOut[]): string {
  const found = Object.entries(fit).map(([name, value]) => `${name}=${value.toPrecision(4)}`);
  const table = plainTable(['left out', 'error', ...Object.keys(fit)]);
  for (const { id, error, fit: others } of leftOut) {
    table.push([id, signedPercent(error), ...Object.values(others).map((value) => value.toPrecision(4))]);
  }
  const mean = leftOut.reduce((sum, { error }) => sum + Math.abs(error), 0) / leftOut.length;
  return [
    `fitted: ${found.join(' ')}`,
    'each point predicted from a fit of the others:',
    table.toString(),
    `mean error ${absolutePercent(mean)}`,
  ].join('\n');
}

function signedPercent(share: number): string {
  return `${share < 0 ? '−' : '+'}${absolutePercent(Math.abs(share))}`;
}

function absolutePercent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}
