import type { Command } from 'commander';
import { Option } from 'commander';
import type { BenchmarkReport } from '../../benchmark/benchmark-report.js';
import { longestSequence } from '../../models/model-config.js';
import type { BertModel } from '../../runs/model.js';
import { loadProfile } from '../../machine/load-profile.js';
import type { MachineProfile } from '../../machine/machine-profile.js';
import {
  predictBenchmark,
  type BenchmarkedRun,
  type BenchmarkPrediction,
  type PredictionHooks,
} from '../../machine/predict-benchmark.js';
import { profileMachine } from '../../machine/profile-machine.js';
import { readText } from '../../../ipu-config/base/files/read-text.js';
import { PROFILED_LENGTHS, PROFILED_MICRO_BATCHES, profileBars } from './profile.js';
import { ProgressBars } from '../flags/progress.js';

export interface PredictFlags {
  readonly predict?: boolean;
  readonly profile?: string;
}

/** Short, since the benchmark itself is still to come. */
const MAX_SECONDS = 60;
const MAX_ROUNDS = 5;

export function addPredictOptions(command: Command): Command {
  return command
    .option('--predict', 'print what each run was predicted to do beside what it did')
    .addOption(
      new Option(
        '--profile <file>',
        'predict from this profile of `ipu-pipeline profile` (default: measure for a minute first)',
      ).implies({ predict: true }),
    );
}

/** The profile to predict from: read or, without a file, measured now. */
export async function profileFor(
  { profile: file, predict }: PredictFlags,
  model: BertModel,
  { executor, signal }: { executor: string; signal: AbortSignal },
): Promise<MachineProfile | undefined> {
  if (file !== undefined) return loadProfile(await readText(file), file);
  if (!predict) return undefined;
  const bars = new ProgressBars();
  try {
    const longest = longestSequence(model.config);
    return await profileMachine(
      {
        models: [model],
        executor,
        sequenceLengths: PROFILED_LENGTHS.map((length) => Math.min(length, longest)),
        microBatches: PROFILED_MICRO_BATCHES,
        maxSeconds: MAX_SECONDS,
        maxRounds: MAX_ROUNDS,
        signal,
      },
      { onModel: (name) => profileBars(bars, `profile of ${name}`) },
    );
  } finally {
    bars.stop();
  }
}

export interface PredictedReport extends BenchmarkReport {
  readonly prediction?: BenchmarkPrediction;
}

/** The report with the prediction of each of its runs, when there is a profile. */
export function withPrediction(
  report: BenchmarkReport,
  profile: MachineProfile | undefined,
  run: Omit<BenchmarkedRun, 'report'>,
  hooks?: PredictionHooks,
): PredictedReport {
  if (profile === undefined) return report;
  return { ...report, prediction: predictBenchmark(profile, { ...run, report }, hooks) };
}
