import { InputError } from '../../ipu-config/base/errors.js';
import type { Warning } from '../../ipu-config/base/warning.js';
import type { SavedBenchmark } from './benchmark-schema.js';
import { ratioNoise } from '../../ipu-config/base/noise.js';

/** A run and the same run of an earlier benchmark. */
export interface ComparedRun {
  readonly name: string;
  readonly sequencesPerSecond: number;
  readonly before: number;
  /** Now over before. */
  readonly ratio: number;
  /** By how much the ratio may be off, from the spread of both; absent where one of them has none. */
  readonly noise?: number;
}

export interface BenchmarkComparison {
  /** When the earlier one ran. */
  readonly before: string;
  readonly runs: readonly ComparedRun[];
  readonly warnings: readonly Warning[];
}

/** What must be the same, or the runs do different work. */
const SAME_WORK = ['model', 'executor', 'sequenceLength', 'microBatch', 'threadsPerStage'] as const;
/** What may differ, since it may be what is compared; but not in silence. */
const MAY_DIFFER = ['config', 'schedule', 'replicas', 'deviceIterations'] as const;
const OF_MACHINE = ['cpu', 'cores', 'node', 'onnxruntime'] as const;

/** @throws InputError when the settings of an earlier report are not those of this one. @param name of its file */
export function checkSameWork(
  settings: Pick<SavedBenchmark['settings'], (typeof SAME_WORK)[number]>,
  before: SavedBenchmark,
  name: string,
): void {
  for (const setting of SAME_WORK) {
    const [now, then] = [settings[setting], before.settings[setting]];
    if (now === then) continue;
    throw new InputError(
      `${name} measured another ${setting}: ${then}, and here it is ${now}. Compare runs with the same settings.`,
    );
  }
}

/** Runs of the same name, one beside the other. @throws InputError when there is none */
export function compareBenchmarks(report: SavedBenchmark, before: SavedBenchmark): BenchmarkComparison {
  const runs = report.runs.flatMap((run): ComparedRun[] => {
    const old = before.runs.find(({ name }) => name === run.name);
    if (!old) return [];
    const noise = ratioNoise(run, old);
    return [
      {
        ...{ name: run.name, sequencesPerSecond: run.sequencesPerSecond, before: old.sequencesPerSecond },
        ratio: run.sequencesPerSecond / old.sequencesPerSecond,
        ...(noise === undefined ? {} : { noise }),
      },
    ];
  });
  if (runs.length === 0) {
    const names = (of: SavedBenchmark): string => of.runs.map(({ name }) => name).join('; ');
    throw new InputError(`no run is in both reports: ${names(report)} here, and ${names(before)} before.`);
  }
  return { before: before.date, runs, warnings: differences(report, before) };
}

function differences(report: SavedBenchmark, before: SavedBenchmark): Warning[] {
  const pairs = [
    ...MAY_DIFFER.map((name) => [name, report.settings[name], before.settings[name]] as const),
    ...OF_MACHINE.map((name) => [name, report.environment[name], before.environment[name]] as const),
  ];
  return pairs.flatMap(([name, now, then]): Warning[] => {
    const text = `${name} is another: ${then ?? 'none'} before, ${now ?? 'none'} now.`;
    return now === then ? [] : [{ code: 'other-settings', text }];
  });
}
