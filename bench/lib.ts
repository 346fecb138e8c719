import { benchmark, IpuConfig, openModel } from 'ipu-pipeline';
import { scheduleByName } from 'ipu-pipeline/schedules';
import { tokenizerOf } from 'ipu-pipeline/tasks';
import type { BenchmarkReport } from 'ipu-pipeline/machine';

export interface Setting {
  readonly model: string;
  readonly layersPerIpu: readonly number[];
  readonly sequenceLength: number;
  readonly microBatches: number;
  readonly executor?: string;
}

/** Runs the benchmark of the `bench` command on a split given in code. */
export async function measure(setting: Setting, pipelineOnly = false): Promise<BenchmarkReport> {
  const model = await openModel(setting.model);
  const config = new IpuConfig(
    new Map<string, number | number[]>([
      ['layers_per_ipu', [...setting.layersPerIpu]],
      ['inference_device_iterations', Math.max(4, setting.layersPerIpu.length)],
    ]),
  );
  config.eval();
  return benchmark({
    model,
    config,
    pipelineOnly,
    tokenizer: await tokenizerOf(model),
    configName: `layers_per_ipu ${JSON.stringify(setting.layersPerIpu)}`,
    executor: setting.executor ?? 'onnx',
    scheduleName: 'fill-drain',
    schedule: scheduleByName('fill-drain'),
    sequenceLength: setting.sequenceLength,
    microBatch: 1,
    microBatches: setting.microBatches,
    threadsPerStage: 1,
  });
}

/** One line of a bench: what was reached of what must be. */
export function verdict(
  what: string,
  reached: number,
  bound: { atLeast: number } | { atMost: number },
  unit = '',
): void {
  const met = 'atLeast' in bound ? reached >= bound.atLeast : reached <= bound.atMost;
  const limit = 'atLeast' in bound ? `at least ${bound.atLeast}` : `at most ${bound.atMost}`;
  console.log(`${met ? 'reached' : 'MISSED '}  ${what}: ${reached.toFixed(3)}${unit} (${limit}${unit})`);
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? NaN;
}
