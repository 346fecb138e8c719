import { figure, percent } from '../../../ipu-config/base/format.js';
import type { SavedBenchmark } from '../../benchmark/benchmark-schema.js';
import { ratioNoise } from '../../../ipu-config/base/noise.js';

export type SavedRun = SavedBenchmark['runs'][number];

/** What a benchmark is about, and what that is compared with. */
export interface BenchmarkSubject {
  /** The fastest pipeline, or the only run. */
  readonly pipeline: SavedRun;
  /** The fastest run on one device, where there is one beside it. */
  readonly single?: SavedRun;
}

export function subjectOf(runs: readonly SavedRun[]): BenchmarkSubject {
  const pipeline = verdictPipeline(runs);
  const single = fastest(runs.filter(isOneDevice));
  return { pipeline, ...(single === undefined || single === pipeline ? {} : { single }) };
}

/** What was measured, what bounds it, and what to try: a sentence each. */
export function benchmarkVerdict({ runs, environment, settings }: SavedBenchmark): string[] {
  const { pipeline, single } = subjectOf(runs);
  const does =
    `${settings.model} as a ${pipelineName(pipeline)} does ` +
    `${figure(pipeline.sequencesPerSecond)} sequences/s on ${environment.cores} cores`;
  if (!single) return [`${does}.`, `It is bound by ${pipeline.boundBy}.`, ...advice(pipeline)];
  const ratio = pipeline.sequencesPerSecond / single.sequencesPerSecond;
  const noise = ratioNoise(pipeline, single) ?? USUAL_NOISE;
  const isFaster = ratio > 1 + noise;
  const word = isFaster ? 'faster than' : ratio < 1 - noise ? 'slower than' : 'as fast as';
  const than = `${single.name.replace(', ', ' with ')} (${figure(ratio)} ×)`;
  const bound = `it is bound by ${pipeline.boundBy}`;
  return [
    `${does}: ${word} ${than}${isFaster ? `, and ${bound}` : `, because ${bound}`}.`,
    ...advice(pipeline),
  ];
}

/** Of a ratio, where no spread says better. */
const USUAL_NOISE = 0.05;

export function isOneDevice({ stages }: Pick<SavedRun, 'stages'>): boolean {
  return stages.length === 1;
}

/** The pipeline that the verdict is about: the fastest; without a pipeline the last run. */
export function verdictPipeline<T extends SavedRun>(runs: readonly T[]): T {
  return fastest(runs.filter((run) => !isOneDevice(run))) ?? runs.at(-1)!;
}

/** A run's name within a sentence: `pipeline of 2 stages`. */
export function pipelineName({ name }: Pick<SavedRun, 'name'>): string {
  return name.replace('pipeline, ', 'pipeline of ');
}

function fastest<T extends SavedRun>(runs: readonly T[]): T | undefined {
  return runs.toSorted((a, b) => b.sequencesPerSecond - a.sequencesPerSecond)[0];
}

/** A stage that takes so much longer than the mean is worth a better split. */
const UNEVEN = 1.1;

function advice({ activity, boundBy }: SavedRun): string[] {
  const times = activity.ranks.map(({ microBatchMs }) => microBatchMs);
  const uneven = Math.max(...times) / (times.reduce((sum, ms) => sum + ms, 0) / times.length);
  if (boundBy.startsWith('the machine')) {
    return [
      'Try as many stages as there are cores: `ipu-pipeline profile`, then `plan --system` with its file.',
    ];
  }
  if (times.length > 1 && uneven > UNEVEN) {
    return [
      `Its slowest stage takes ${percent(uneven - 1)} longer than the mean: \`ipu-pipeline profile\`, then \`plan --system\` ` +
        'with its file, finds a better split.',
    ];
  }
  if (boundBy.startsWith('waiting'))
    return ['Try more rows in a micro-batch (--micro-batch), or longer ones.'];
  return [];
}
