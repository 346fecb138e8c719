import type { Warning } from '../../../../ipu-config/base/warning.js';
import type { IpuConfig } from '../../../../ipu-config/ipu-config.js';
import { parseIpuConfig } from '../../../../ipu-config/load-config.js';
import { PRESETS, type PresetName } from '../../../../ipu-config/presets.js';
import type { RunSettings } from '../../../hardware/config-run.js';
import { SYSTEMS, systemByName } from '../../../hardware/hardware-specs.js';
import type { Head } from '../../../hardware/model-shape.js';
import { givenAttributes, withSplit } from '../../../planning/plan-config.js';
import { publishedModel } from '../../../hardware/published-models.js';
import { namedSchedule } from '../../../../pipeline/schedules/registry.js';
import type { PlaygroundStart } from '../../data/playground-start.js';

/** PopART's own order, which has no name among the schedules that run freely. */
export const LOCKSTEP = 'popart-lockstep';

/** Everything that the page's controls say. */
export interface Setup extends Omit<PlaygroundStart, 'config'> {
  readonly config: IpuConfig;
  /** Where the configuration comes from. */
  readonly name: string;
  /** Of reading it. */
  readonly warnings: readonly Warning[];
  readonly head: Head;
  /** `LOCKSTEP`, or the name of a schedule. */
  readonly schedule: string;
  /** For schedules that loop. */
  readonly chunks: number;
}

/** @throws ConfigError when the configuration cannot be understood */
export function setupFrom(start: PlaygroundStart): Setup {
  return {
    ...start,
    ...withConfigText(start.config.text, start.config.name),
    head: start.head ?? publishedModel(start.model)!.head,
    schedule: LOCKSTEP,
    chunks: 2,
  };
}

/** @throws ConfigError naming what is wrong, with line and column where it is no JSON */
export function withConfigText(text: string, name: string): Pick<Setup, 'config' | 'name' | 'warnings'> {
  const { config, warnings } = parseIpuConfig(text, { file: name });
  return { config, name, warnings };
}

export function presetText(name: PresetName): string {
  return JSON.stringify(PRESETS[name]);
}

/** As it is downloaded. */
export function configText(config: IpuConfig): string {
  return `${JSON.stringify(givenAttributes(config), null, 2)}\n`;
}

/** @throws InputError for figures that do not go together */
export function settingsOf(setup: Setup): RunSettings {
  const { model, head, system, mode, sequenceLength, microBatch, schedule: name, chunks } = setup;
  const settings = { model: publishedModel(model, head)!, hardware: systemByName(system) };
  const names = { sequenceLength: 'Sequence length', microBatch: 'Micro-batch' };
  const run = { ...settings, mode, sequenceLength, microBatch, names };
  if (name === LOCKSTEP) return run;
  return { ...run, schedule: namedSchedule(name).layout === 'loops' ? { name, chunks } : { name } };
}

/** A schedule of the other mode gives way to the lockstep one. */
export function withMode(setup: Setup, mode: Setup['mode']): Setup {
  const isOther =
    setup.schedule !== LOCKSTEP && namedSchedule(setup.schedule).isTraining !== (mode === 'training');
  return { ...setup, mode, ...(isOther ? { schedule: LOCKSTEP } : {}) };
}

/** Micro-batches of a weight update, or of an inference call: an attribute of the configuration. */
export function depthName(
  mode: Setup['mode'],
): 'gradient_accumulation_steps' | 'inference_device_iterations' {
  return mode === 'training' ? 'gradient_accumulation_steps' : 'inference_device_iterations';
}

/** @throws ConfigError for a value that the attribute cannot have */
export function withDepth(setup: Setup, depth: number): Setup {
  const config = setup.config.clone();
  config.set(depthName(setup.mode), depth);
  return { ...setup, config };
}

export function ipusOf({ config, mode }: Pick<Setup, 'config' | 'mode'>): number {
  return config.get(mode === 'training' ? 'ipus_per_replica' : 'inference_ipus_per_replica');
}

/** Other layers on the IPUs. */
export function withLayers(setup: Setup, layers: readonly number[]): Setup {
  return { ...setup, config: withSplit(setup.config, setup.mode, layers.length, layers) };
}

/** Another number of IPUs, with the layers spread as evenly as can be, the later IPUs having more. */
export function withIpus(setup: Setup, ipus: number): Setup {
  const { layers } = publishedModel(setup.model)!;
  const even = Array.from({ length: ipus }, (_, ipu) => {
    return Math.floor(((ipu + 1) * layers) / ipus) - Math.floor((ipu * layers) / ipus);
  });
  return withLayers(setup, even);
}

/** One layer goes to another IPU; those between shift along, so that layers stay in order. */
export function moved(layers: readonly number[], from: number, to: number): readonly number[] {
  if (from === to || layers[from] === 0) return layers;
  return layers.map((count, ipu) => count + Number(ipu === to) - Number(ipu === from));
}

/** IPUs of a replica that can be asked for: powers of two, as IPUs are reserved. */
export function ipuChoices(system: string, present: number): number[] {
  const choices = [present];
  for (let ipus = 1; ipus <= SYSTEMS[system]!.ipus && ipus <= 64; ipus *= 2) choices.push(ipus);
  return [...new Set(choices)].sort((a, b) => a - b);
}
