import pc from 'picocolors';
import { figure, percent } from '../../../ipu-config/base/format.js';
import type { BenchmarkComparison, ComparedRun } from '../../benchmark/compare-benchmarks.js';
import { plainTable, warningLines } from './plain-table.js';

/** Runs beside those of an earlier report, and what of the difference may be noise. */
export function comparisonText({ before, runs, warnings }: BenchmarkComparison): string {
  const table = plainTable(['', 'sequences/s', 'before', 'ratio', 'noise', '']);
  for (const run of runs) {
    const { name, sequencesPerSecond, before: old, ratio, noise } = run;
    const about = noise === undefined ? '–' : `± ${percent(noise)}`;
    table.push([name, figure(sequencesPerSecond), figure(old), `${figure(ratio)} ×`, about, word(run)]);
  }
  return [pc.bold(`Compared with the report of ${before}`), table.toString(), ...warningLines(warnings)].join(
    '\n',
  );
}

function word({ ratio, noise }: ComparedRun): string {
  if (noise === undefined) return 'too few micro-batches to tell';
  return ratio > 1 + noise ? 'faster' : ratio < 1 - noise ? 'slower' : 'within the noise';
}
