import { InputError } from '../../../ipu-config/base/errors.js';
import { short } from '../../../ipu-config/base/json-text.js';
import { noAdapterError } from '../gpu-js/no-adapter.js';
import type { GpuJsFacts } from '../gpu-js/probe-adapters.js';
import { executorNames } from '../registry.js';
import './built-in.js';
import { runProbe, type Probed } from './run-probe.js';

/** What `--executor` takes: two choices that are made by the machine, and every executor by its full name. */
export function executorChoices(): string[] {
  return ['auto', 'gpu.js', ...executorNames()];
}

/** An executor, and why it is that one. */
export interface ExecutorChoice {
  /** One of `executorNames`. */
  readonly name: string;
  /** For people; absent when it was asked for by its full name. */
  readonly reason?: string;
}

/** Whether gpu.js can compute here, and where: asked in a process of its own, for a bounded time. */
export function probeGpuJs(timeoutMs?: number): Promise<Probed<GpuJsFacts>> {
  return runProbe(new URL('../gpu-js/probe-adapters.js', import.meta.url), timeoutMs);
}

/**
 * The executor that a choice stands for on this machine. `auto` is gpu.js on a GPU where one answers, else onnx;
 * `gpu.js` is its mode webgpu on a GPU, else webasm. A software adapter is only taken where it is asked for by
 * `gpu.js:webgpu`: it computes on the same cores as everything else. Called once, before any worker is started.
 * @throws InputError that lists the choices
 */
export async function chooseExecutor(
  choice: string,
  probe: () => Promise<Probed<GpuJsFacts>> = probeGpuJs,
): Promise<ExecutorChoice> {
  if (executorNames().includes(choice)) return { name: choice };
  if (!executorChoices().includes(choice)) {
    throw new InputError(
      `there is no executor "${short(choice)}"; there are ${executorChoices().join(', ')}.`,
    );
  }
  const probed = await probe();
  if (choice === 'auto') return autoChoice(probed);
  const { gpu, why } = hardwareOf(probed);
  if (gpu !== undefined) return { name: 'gpu.js:webgpu', reason: gpu };
  if ('facts' in probed && !probed.facts.webasm) {
    return { name: 'gpu.js:cpu', reason: `${why}, and this Node has no WebAssembly` };
  }
  return { name: 'gpu.js:webasm', reason: why };
}

/**
 * Looks for an adapter where a choice cannot do without: a worker would find out later, after Dawn has complained on
 * stderr in words of its own.
 * @throws InputError when there is none
 */
export async function checkAdapter(
  choice: string,
  probe: () => Promise<Probed<GpuJsFacts>> = probeGpuJs,
): Promise<void> {
  if (choice !== 'gpu.js:webgpu') return;
  const probed = await probe();
  if ('fault' in probed) throw noAdapterError(new Error(probed.fault));
  if (probed.facts.adapters.length === 0) throw noAdapterError(new Error(probed.facts.adapterFault));
}

/** What `auto` takes when gpu.js was found like this. */
export function autoChoice(probed: Probed<GpuJsFacts>): ExecutorChoice {
  const { gpu, why } = hardwareOf(probed);
  return gpu === undefined ? { name: 'onnx', reason: why } : { name: 'gpu.js:webgpu', reason: gpu };
}

function hardwareOf(probed: Probed<GpuJsFacts>): { gpu?: string; why: string } {
  if ('fault' in probed) return { why: `gpu.js does not answer (${probed.fault})` };
  const { adapters, adapterFault } = probed.facts;
  const [first] = adapters;
  if (!first) return { why: `no GPU answers (${adapterFault ?? 'no adapter'})` };
  // gpu.js takes the first adapter, so a GPU behind a software adapter would not be the one that computes.
  if (first.isSoftware) return { why: `the WebGPU adapter is software (${first.description})` };
  return { gpu: `a GPU answers (${first.description})`, why: '' };
}
