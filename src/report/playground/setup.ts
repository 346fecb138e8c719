import type { Warning } from '../../../ipu-config/base/warning.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { IpuConfig } from '../../../ipu-config/ipu-config.js';
import { parseIpuConfig } from '../../../ipu-config/load-config.js';
import type { RunSettings } from '../../hardware/config-run.js';
import { SYSTEMS, systemByName } from '../../hardware/hardware-specs.js';
import type { ModelShape } from '../../hardware/model-shape.js';
import type { AdviceChange } from '../../planning/memory-advice.js';
import { givenAttributes, withSplit } from '../../planning/plan-config.js';
import { publishedModel } from '../../hardware/published-models.js';
import { namedSchedule } from '../../../pipeline/schedules/registry.js';
import type { PlaygroundStart } from './playground-start.js';

/** PopART's own order, which has no name among the schedules that run freely. */
export const LOCKSTEP = 'popart-lockstep';

/** Everything that the page's controls say. */
export interface Setup extends Pick<PlaygroundStart, 'system' | 'mode' | 'sequenceLength' | 'microBatch'> {
  readonly config: IpuConfig;
  /** Where the configuration comes from. */
  readonly name: string;
  /** Of reading it. */
  readonly warnings: readonly Warning[];
  /** With its head. */
  readonly model: ModelShape;
  /** `LOCKSTEP`, or the name of a schedule. */
  readonly schedule: string;
  /** For schedules that loop. */
  readonly chunks: number;
}

/** More than any system has: a file with a slip of the keyboard would fill the memory. */
const MOST_IPUS = 4096;

/** @throws ConfigError when the configuration cannot be understood */
export function setupFrom(start: PlaygroundStart): Setup {
  const { model, head, system, mode, sequenceLength, microBatch } = start;
  const shape = typeof model === 'string' ? publishedModel(model)! : model;
  return {
    ...{ system, mode, sequenceLength, microBatch, schedule: LOCKSTEP, chunks: 2 },
    ...withConfigText(start.config.text, start.config.name),
    model: head === undefined ? shape : { ...shape, head },
  };
}

/** @throws ConfigError naming what is wrong, with line and column where it is no JSON */
export function withConfigText(text: string, name: string): Pick<Setup, 'config' | 'name' | 'warnings'> {
  const { config, warnings } = parseIpuConfig(text, { file: name });
  for (const mode of ['training', 'inference'] as const) {
    const ipus = ipusOf({ config, mode });
    if (ipus <= MOST_IPUS) continue;
    throw new InputError(`${name} asks for ${ipus} IPUs a replica; the page takes ${MOST_IPUS} at most.`);
  }
  return { config, name, warnings };
}

/** As it is downloaded. */
export function configText(config: IpuConfig): string {
  return `${JSON.stringify(givenAttributes(config), null, 2)}\n`;
}

/** @throws InputError for figures that do not go together */
export function settingsOf(setup: Setup): RunSettings {
  const { model, system, mode, sequenceLength, microBatch, schedule: name, chunks } = setup;
  const names = { sequenceLength: 'Sequence length', microBatch: 'Micro-batch' };
  const run = { model, hardware: systemByName(system), mode, sequenceLength, microBatch, names };
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
  return withAttributes(setup, { [depthName(setup.mode)]: depth });
}

/** @throws ConfigError for a value that an attribute cannot have */
function withAttributes(setup: Setup, values: Readonly<Record<string, unknown>>): Setup {
  const config = setup.config.clone();
  for (const [name, value] of Object.entries(values)) config.set(name, value);
  return { ...setup, config };
}

/** @throws ConfigError for a value that an attribute cannot have */
export function withAdvice(setup: Setup, { attributes = {}, microBatch }: AdviceChange): Setup {
  return withAttributes(microBatch === undefined ? setup : { ...setup, microBatch }, attributes);
}

export function ipusOf({ config, mode }: Pick<Setup, 'config' | 'mode'>): number {
  return config.get(mode === 'training' ? 'ipus_per_replica' : 'inference_ipus_per_replica');
}

/** `layers_per_ipu` of the mode, as written: -1 where the file leaves it open. */
export function managedLayers({ config, mode }: Pick<Setup, 'config' | 'mode'>): readonly number[] {
  return config.get(mode === 'training' ? 'layers_per_ipu' : 'inference_layers_per_ipu');
}

/** Other layers on the IPUs. */
export function withLayers(setup: Setup, layers: readonly number[]): Setup {
  return { ...setup, config: withSplit(setup.config, setup.mode, layers.length, layers) };
}

/** Another number of IPUs, with the layers spread as evenly as can be, the later IPUs having more. */
export function withIpus(setup: Setup, ipus: number): Setup {
  const { layers } = setup.model;
  const even = Array.from({ length: ipus }, (_, ipu) => {
    return Math.floor(((ipu + 1) * layers) / ipus) - Math.floor((ipu * layers) / ipus);
  });
  return withLayers(setup, even);
}

/** IPUs of a replica that can be asked for: powers of two, as IPUs are reserved. */
export function ipuChoices(system: string, present: number): number[] {
  const choices = [present];
  for (let ipus = 1; ipus <= SYSTEMS[system]!.ipus && ipus <= 64; ipus *= 2) choices.push(ipus);
  return [...new Set(choices)].sort((a, b) => a - b);
}
