/**
 * The claim: from a profile of this machine, the runtime is predicted for splits, micro-batches and sequence lengths
 * that were not measured in it. The profile has one thread with one layer and with three; lengths 16, 128 and 384;
 * micro-batches 1, 2 and 4. None of the cases below has a length and micro-batch of it, nor its stages.
 *
 *     [KEEP_PROFILE=FILE] npx tsx bench/predict-this-machine.ts [model] [rounds] [profile.json]
 *
 * Cases are measured in rounds, all of them and then all again, and the median counts of those measurements beside
 * which other processes took less than 3 % of the cores' time; where there is none, the one with the least counts and
 * is marked. A machine that is busy should not be taken for a wrong prediction. Needs two cores for itself.
 */
import { cpus } from 'node:os';
import { readFile, writeFile } from 'node:fs/promises';
import { benchmark, IpuConfig, openModel } from 'ipu-pipeline';
import { scheduleByName } from 'ipu-pipeline/schedules';
import { tokenizerOf } from 'ipu-pipeline/tasks';
import { loadProfile, predictBenchmark, profileMachine, type MachineProfile } from 'ipu-pipeline/machine';
import { profileText } from 'ipu-pipeline/report';
import { verdict } from './lib.js';

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
const profile = await profileOf(profileFile);
console.log(profileText(profile), '\n');

interface Measured {
  readonly rate: number;
  /** Share of the cores' time that other processes took, loading of the model included. */
  readonly others: number;
}

const QUIET = 0.03;
const measured = CASES.map(() => [] as Measured[]);
const predicted: number[] = [];
for (let round = 0; round < Number(roundsText); round++) {
  for (const [at, each] of CASES.entries()) {
    const config = configOf(each);
    const before = coreTime();
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
    measured[at]!.push({ rate: run!.measured.sequencesPerSecond, others: othersSince(before) });
    predicted[at] = run!.predicted.sequencesPerSecond;
  }
  console.error(`round ${round + 1} of ${roundsText}`);
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

interface CoreTime {
  readonly allMs: number;
  readonly othersMs: number;
}

function coreTime(): CoreTime {
  const times = cpus().map(({ times }) => times);
  const busyMs = times.reduce((sum, { user, nice, sys, irq }) => sum + user + nice + sys + irq, 0);
  const { user, system } = process.cpuUsage();
  return {
    allMs: busyMs + times.reduce((sum, { idle }) => sum + idle, 0),
    othersMs: busyMs - (user + system) / 1000,
  };
}

function othersSince(before: CoreTime): number {
  const now = coreTime();
  return Math.max(0, (now.othersMs - before.othersMs) / (now.allMs - before.allMs));
}

/** The median of what was measured in quiet, else what was disturbed least. */
function rateOf(all: readonly Measured[]): { rate: number; disturbed: boolean } {
  const quiet = all.filter(({ others }) => others <= QUIET);
  if (quiet.length > 0) {
    const rates = quiet.map(({ rate }) => rate).sort((a, b) => a - b);
    const middle = (rates[(rates.length - 1) >> 1]! + rates[rates.length >> 1]!) / 2;
    return { rate: middle, disturbed: false };
  }
  const { rate } = all.reduce((a, b) => (b.others < a.others ? b : a));
  return { rate, disturbed: true };
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
    const { rate, disturbed } = rateOf(measured[at]!);
    const error = predicted[at]! / rate - 1;
    const split = `[${each.layersPerIpu.join(', ')}] ${each.schedule ?? 'fill-drain'}`;
    const all = measured[at]!.map(
      (one) => `${one.rate.toFixed(3)} (${(one.others * 100).toFixed(0)} % others)`,
    );
    console.log(
      `${split.padEnd(28)} sequence ${String(each.sequenceLength).padStart(3)} × ${each.microBatch}: predicted ` +
        `${predicted[at]!.toFixed(3)}, measured ${rate.toFixed(3)} sequences/s, error ${(error * 100).toFixed(1)} %` +
        `${disturbed ? ', disturbed' : ''}; ${all.join(', ')}`,
    );
    return Math.abs(error) * 100;
  });
  const mean = errors.reduce((sum, error) => sum + error, 0) / errors.length;
  verdict(`mean error over ${errors.length} cases`, mean, { atMost: 5 }, ' %');
  verdict('worst error', Math.max(...errors), { atMost: 12 }, ' %');
}
