/**
 * The claim: from a profile of this machine, the runtime is predicted for splits, micro-batches and sequence lengths
 * that were not measured in it. The profile has one thread with one layer and with three; lengths 16, 128 and 384;
 * micro-batches 1, 2 and 4. None of the cases below has a length and micro-batch of it, nor its stages.
 *
 *     [KEEP_PROFILE=FILE] npx tsx bench/predict-this-machine.ts [model] [rounds] [profile.json]
 *
 * Cases are measured in rounds, all of them and then all again, and the median of a case counts: a machine that is
 * slow for a minute should not be taken for a wrong prediction. Needs two cores and nothing else running on them.
 */
import { loadavg } from 'node:os';
import { readFile, writeFile } from 'node:fs/promises';
import {
  benchmark,
  IpuConfig,
  loadProfile,
  openModel,
  predictBenchmark,
  profileMachine,
  profileText,
  scheduleByName,
  tokenizerOf,
  type MachineProfile,
} from 'ipu-pipeline';
import { percentile, verdict } from './lib.js';

interface Case {
  readonly layersPerIpu: readonly number[];
  readonly sequenceLength: number;
  readonly microBatch: number;
  readonly schedule?: 'fill-drain' | 'sequential';
  readonly microBatches?: number;
}

/** Of a model of 12 layers. */
const CASES: readonly Case[] = [
  { layersPerIpu: [6, 6], sequenceLength: 256, microBatch: 1 },
  { layersPerIpu: [5, 7], sequenceLength: 64, microBatch: 1 },
  { layersPerIpu: [3, 9], sequenceLength: 192, microBatch: 1 },
  { layersPerIpu: [8, 4], sequenceLength: 48, microBatch: 3 },
  { layersPerIpu: [6, 6], sequenceLength: 320, microBatch: 2 },
  { layersPerIpu: [4, 4, 4], sequenceLength: 96, microBatch: 1 },
  { layersPerIpu: [2, 4, 6], sequenceLength: 160, microBatch: 1 },
  { layersPerIpu: [3, 3, 3, 3], sequenceLength: 64, microBatch: 2 },
  { layersPerIpu: [1, 2, 4, 5], sequenceLength: 192, microBatch: 1 },
  { layersPerIpu: [7, 5], sequenceLength: 256, microBatch: 3 },
  { layersPerIpu: [6, 6], sequenceLength: 96, microBatch: 2, schedule: 'sequential' },
  { layersPerIpu: [12], sequenceLength: 224, microBatch: 1 },
];

const [modelName = 'synthetic:bert-base', roundsText = '3', profileFile] = process.argv.slice(2);
const model = await openModel(modelName);
const tokenizer = await tokenizerOf(model);
const load = (): string => loadavg()[0]!.toFixed(2);
console.log(`${modelName}; load before: ${load()} (this program not yet counted)`);
const profile = await profileOf(profileFile);
console.log(profileText(profile), '\n');

const measured = CASES.map(() => [] as number[]);
const predicted: number[] = [];
for (let round = 0; round < Number(roundsText); round++) {
  for (const [at, each] of CASES.entries()) {
    const config = configOf(each);
    const report = await benchmark({
      ...{ model, tokenizer, config, pipelineOnly: true, configName: each.layersPerIpu.join() },
      executor: 'onnx',
      scheduleName: each.schedule ?? 'fill-drain',
      schedule: scheduleByName(each.schedule ?? 'fill-drain'),
      sequenceLength: each.sequenceLength,
      microBatch: each.microBatch,
      microBatches: each.microBatches ?? 12,
      threadsPerStage: 1,
    });
    const [run] = predictBenchmark(profile, { model, config, report }).runs;
    measured[at]!.push(run!.measured.sequencesPerSecond);
    predicted[at] = run!.predicted.sequencesPerSecond;
  }
  console.log(`round ${round + 1} of ${roundsText}: load ${load()} (this program alone gives 1 to 4)`);
}
report();

async function profileOf(file: string | undefined): Promise<MachineProfile> {
  if (file !== undefined) return loadProfile(await readFile(file, 'utf8'), file);
  const made = await profileMachine({
    models: [model],
    executor: 'onnx',
    sequenceLengths: [16, 128, 384],
    microBatches: [1, 2, 4],
    maxSeconds: 150,
  });
  const kept = process.env['KEEP_PROFILE'];
  if (kept !== undefined) await writeFile(kept, JSON.stringify(made, null, 2));
  return made;
}

function configOf({ layersPerIpu }: Case): IpuConfig {
  const config = new IpuConfig(
    new Map<string, number | number[]>([
      ['layers_per_ipu', [...layersPerIpu]],
      ['inference_device_iterations', Math.max(4, layersPerIpu.length)],
    ]),
  );
  config.eval();
  return config;
}

function report(): void {
  const errors = CASES.map((each, at) => {
    const middle = percentile(measured[at]!, 0.5);
    const error = predicted[at]! / middle - 1;
    const split = `[${each.layersPerIpu.join(', ')}] ${each.schedule ?? 'fill-drain'}`;
    console.log(
      `${split.padEnd(28)} sequence ${String(each.sequenceLength).padStart(3)} × ${each.microBatch}: ` +
        `predicted ${predicted[at]!.toFixed(3)}, measured ${middle.toFixed(3)} sequences/s ` +
        `(${measured[at]!.map((rate) => rate.toFixed(3)).join(', ')}), error ${(error * 100).toFixed(1)} %`,
    );
    return Math.abs(error) * 100;
  });
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  verdict(`mean error over ${errors.length} cases`, mean, { atMost: 5 }, ' %');
  verdict('worst error', Math.max(...errors), { atMost: 12 }, ' %');
}
