import { figure, percent } from '../../../ipu-config/base/format.js';
import type { PackingWorth } from '../../planning/packing/pack-rows.js';

/** What packing gives and is worth, in sentences; a row takes as long however many sequences are in it. */
export function packingLines(worth: PackingWorth): string[] {
  const { source, algorithm, rowLength, sequences, rows, mostPerRow, sequencesPerRow } = worth;
  return [
    `Packing (${algorithm}): ${sequences} sequences lie in ${rows} rows of ${rowLength} tokens, ${figure(sequencesPerRow)} in a row, ${mostPerRow} at most.`,
    `${fine(worth.efficiency)} of the tokens are no padding; with one sequence to a row ${fine(worth.paddedEfficiency)}.`,
    `It is worth ${figure(worth.speedUp)} ×: ${figure(worth.packedSequencesPerSecond)} sequences/s packed, ${figure(worth.paddedSequencesPerSecond)} padded. No packing is worth more than ${figure(1 / worth.paddedEfficiency)} ×.`,
    `Lengths: ${source}.`,
  ];
}

/** Near 1 the hundredths count. */
function fine(share: number): string {
  return share > 0.99 && share < 1 ? `${(share * 100).toFixed(2)} %` : percent(share);
}
