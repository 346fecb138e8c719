/**
 * What the simulator takes: a training step of BERT-large on 256 IPUs, a plan of 24 layers on 16, and a million actions
 * in lockstep, all without a trace. Each as milliseconds against its bound, the median of several runs in one process.
 */
import { IpuConfig } from 'ipu-pipeline';
import { fillDrain } from 'ipu-pipeline/schedules';
import {
  configuredRun,
  planConfig,
  publishedModel,
  simulateIpus,
  simulateLockstep,
  systemByName,
} from 'ipu-pipeline/simulator';
import { verdict } from './lib.js';

const ROUNDS = 5;

const recipe = {
  optimizer_state_offchip: true,
  recompute_checkpoint_every_layer: true,
  replicated_tensor_sharding: true,
  replication_factor: 2,
};
const settings = {
  model: publishedModel('bert-large', 'pretraining')!,
  mode: 'training' as const,
  sequenceLength: 512,
  microBatch: 2,
};

function step256(): void {
  const config = new IpuConfig({
    ...recipe,
    layers_per_ipu: [3, 3, 3, 3, 3, 3, 3, 3],
    gradient_accumulation_steps: 36,
  });
  const hardware = systemByName('bow-pod256');
  simulateIpus(configuredRun(config, { ...settings, hardware }).run);
}

function plan16(): void {
  const config = new IpuConfig({
    ...recipe,
    layers_per_ipu: new Array<number>(16).fill(-1),
    gradient_accumulation_steps: 64,
  });
  const plan = planConfig(config, { ...settings, hardware: systemByName('pod16') });
  if (!plan.exact) throw new Error('the plan is not exact');
}

const schedule = fillDrain({ stages: 16, microBatches: 62_500 });

function lockstepMillion(): void {
  simulateLockstep(schedule, { costNs: () => 5 });
}

/** The first run, with everything cold, is shown beside the median. */
function time(name: string, run: () => void, atMost: number): void {
  const times = Array.from({ length: ROUNDS }, () => {
    const start = performance.now();
    run();
    return performance.now() - start;
  });
  const median = [...times].sort((a, b) => a - b)[Math.floor(ROUNDS / 2)]!;
  verdict(name, median, { atMost }, ' ms');
  verdict(`${name}, first run`, times[0]!, { atMost }, ' ms');
}

time('a training step of BERT-large on 256 IPUs', step256, 100);
time('a plan for 24 layers on 16 IPUs', plan16, 1000);
time('1 million actions in lockstep', lockstepMillion, 1000);
