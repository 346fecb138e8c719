import type { SweepRow } from '../../planning/sweep.js';
import { figure, milliseconds, percent } from '../../../ipu-config/base/format.js';
import { fullestShare } from '../data/words.js';
import { plainTable } from './plain-table.js';

/** A line for each combination; the fastest that fits is marked. */
export function sweepTable(rows: readonly SweepRow[]): string {
  const names = Object.keys(rows[0]?.values ?? {});
  const table = plainTable([...names, 'sequences/s', 'step', 'latency', 'bubble', 'fullest IPU', '']);
  const best = Math.max(
    ...rows.map(({ simulation }) => (simulation?.fits ? simulation.rates.sequencesPerSecond : 0)),
  );
  const problems: string[] = [];
  for (const { values, simulation, problem } of rows) {
    const settings = names.map((name) => values[name] ?? '');
    if (!simulation) {
      const note = noteOf(problem ?? '', problems);
      table.push([...settings, '', '', '', '', '', `cannot run (${note})`]);
      continue;
    }
    const { rates, latencyMs, bubbleShare, fits } = simulation;
    const mark = fits ? (rates.sequencesPerSecond === best ? 'fastest' : '') : 'does not fit';
    table.push([
      ...settings,
      figure(rates.sequencesPerSecond),
      milliseconds(rates.stepSeconds * 1e3),
      milliseconds(latencyMs),
      percent(bubbleShare),
      percent(fullestShare(simulation.memory)),
      mark,
    ]);
  }
  return [table.toString(), ...problems.map((problem, index) => `(${index + 1}) ${problem}`)].join('\n');
}

/** Number of a reason below the table; the same reason has the same number. */
function noteOf(problem: string, problems: string[]): number {
  if (!problems.includes(problem)) problems.push(problem);
  return problems.indexOf(problem) + 1;
}

/** CSV with full precision; a combination that cannot run has its reason in the last column. */
export function sweepCsv(rows: readonly SweepRow[]): string {
  const names = Object.keys(rows[0]?.values ?? {});
  const results = ['sequences_per_second', 'rows_per_second', 'step_seconds', 'latency_ms', 'bubble_share'];
  const head = [...names, ...results, 'utilisation', 'fullest_ipu_share', 'fits', 'problem'];
  const lines = rows.map(({ values, simulation, problem = '' }) => {
    const settings = names.map((name) => values[name] ?? '');
    const figures = simulation
      ? [
          simulation.rates.sequencesPerSecond,
          simulation.rates.rowsPerSecond,
          simulation.rates.stepSeconds,
          simulation.latencyMs,
          simulation.bubbleShare,
          simulation.utilisation,
          fullestShare(simulation.memory),
          simulation.fits,
        ]
      : new Array<string>(8).fill('');
    return [...settings, ...figures, problem].map((cell) => field(String(cell))).join(',');
  });
  return `${[head.join(','), ...lines].join('\n')}\n`;
}

/** RFC 4180. */
function field(text: string): string {
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
