import { figure, percent } from '../../../ipu-config/base/format.js';
import type { PredictedRates } from '../../hardware/predict.js';
import type { Packing } from '../../planning/packing/pack-rows.js';

/** What packing gives and is worth, in sentences; a row takes as long however many sequences are in it. */
export function packingLines(
  packing: Packing,
  { rowsPerSecond, sequencesPerSecond }: PredictedRates,
): string[] {
  const { source, algorithm, rowLength, sequences, rows, mostPerRow, sequencesPerRow } = packing;
  return [
    `Packing (${algorithm}): ${sequences} sequences lie in ${rows} rows of ${rowLength} tokens, ${figure(sequencesPerRow)} in a row, ${mostPerRow} at most.`,
    `${fine(packing.efficiency)} of the tokens are no padding; with one sequence to a row ${fine(packing.paddedEfficiency)}.`,
    `It is worth ${figure(sequencesPerRow)} ×: ${figure(sequencesPerSecond)} sequences/s packed, ${figure(rowsPerSecond)} padded. No packing is worth more than ${figure(1 / packing.paddedEfficiency)} ×.`,
    `Lengths: ${source}.`,
  ];
}

/** Near 1 the hundredths count. */
function fine(share: number): string {
  return share > 0.99 && share < 1 ? `${(share * 100).toFixed(2)} %` : percent(share);
}
