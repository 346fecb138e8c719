/**
 * The claim: all stages of a pipeline together hold hardly more memory than one device with the same weights. Each
 * way runs in a process of its own; what counts is its resident memory after a run, beyond that of Node itself.
 *
 *     npx tsx bench/memory.ts [model] [layers per IPU]
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { IpuConfig, oneDevice, openModel, placeBert, planStages, startBertPipeline } from 'ipu-pipeline';
import { tokenizerOf } from 'ipu-pipeline/tasks';
import { Workload } from 'ipu-pipeline/internals';
import { rowInputs } from 'ipu-pipeline/models';
import { verdict } from './lib.js';

const [model = 'synthetic:bert-large', split = '12,12', way] = process.argv.slice(2);
if (way === undefined) {
  const run = (name: string): { residentBytes: number; peakBytes: number } => {
    const args = ['--import', 'tsx', import.meta.filename, model, split, name];
    const line = execFileSync(process.execPath, args, { encoding: 'utf8' }).trim().split('\n').at(-1)!;
    return JSON.parse(line) as { residentBytes: number; peakBytes: number };
  };
  const idle = run('idle').residentBytes;
  const single = run('one-device');
  const pipeline = run('pipeline');
  const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;
  console.log(`${model}, Node alone ${mib(idle)}`);
  console.log(`one device   ${mib(single.residentBytes)}, peak ${mib(single.peakBytes)}`);
  console.log(`stages ${split} ${mib(pipeline.residentBytes)}, peak ${mib(pipeline.peakBytes)}`);
  verdict('memory of all stages over one device', pipeline.residentBytes / single.residentBytes, {
    atMost: 1.15,
  });
} else {
  console.log(JSON.stringify(await memoryOf(way)));
}

async function memoryOf(name: string): Promise<{ residentBytes: number; peakBytes: number }> {
  if (name !== 'idle') {
    const opened = await openModel(model);
    const config = new IpuConfig(new Map([['layers_per_ipu', split.split(',').map(Number)]]));
    const layers = opened.config.numHiddenLayers;
    const stages =
      name === 'one-device'
        ? oneDevice(opened.config, opened.head)
        : planStages(opened.config, placeBert(config, { layers, head: opened.head, mode: 'inference' }));
    const shape = { microBatch: 1, sequenceLength: 384 };
    const workload = new Workload(await tokenizerOf(opened), shape, rowInputs(opened.config));
    await using pipeline = await startBertPipeline({ model: opened, stages, executor: 'onnx', ...shape });
    for await (const _ of pipeline.run(workload.microBatches(4)));
    return resident();
  }
  return resident();
}

/** From the kernel: what the process holds now, and the most it ever held. */
function resident(): { residentBytes: number; peakBytes: number } {
  const status = readFileSync('/proc/self/status', 'utf8');
  const kib = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)?.[1]);
  return { residentBytes: kib('VmRSS') * 1024, peakBytes: kib('VmHWM') * 1024 };
}
