import { freemem } from 'node:os';
import { environment, type Environment } from '../benchmark/environment.js';
import { autoChoice, probeGpuJs, type ExecutorChoice } from '../executors/choice/choose-executor.js';
import type { GpuJsMode } from '../executors/gpu-js/device.js';
import type { Adapter, GpuJsFacts } from '../executors/gpu-js/probe-adapters.js';
import type { OnnxFacts } from '../executors/onnx/probe-onnx.js';
import { PROBE_TIMEOUT_MS, runProbe, type Probed } from '../executors/choice/run-probe.js';
import { cpuFeatures } from './cpu-features.js';

/** What a machine offers to this program. */
export interface Doctor {
  readonly format: 'ipu-pipeline-doctor';
  readonly version: 1;
  readonly environment: Environment;
  /** Undefined where the system does not tell. */
  readonly cpuFeatures: readonly string[] | undefined;
  readonly freeMemoryBytes: number;
  readonly gpuJs: {
    /** Null when gpu.js cannot be loaded. */
    readonly version: string | null;
    readonly adapters: readonly Adapter[];
    readonly modes: Readonly<Record<GpuJsMode, Availability>>;
  };
  readonly onnx: Availability & Partial<OnnxFacts>;
  /** What `--executor auto` takes here. */
  readonly auto: ExecutorChoice;
}

export interface Availability {
  readonly available: boolean;
  /** Why not, and what would help; or what to know of it. */
  readonly note?: string;
}

/** Looks at the machine. Every library is asked in a process of its own, for at most `timeoutMs`, all at once. */
export async function examineMachine(timeoutMs = PROBE_TIMEOUT_MS): Promise<Doctor> {
  const [gpuJs, onnx, features] = await Promise.all([
    probeGpuJs(timeoutMs),
    runProbe<OnnxFacts>(new URL('../executors/onnx/probe-onnx.js', import.meta.url), timeoutMs),
    cpuFeatures(),
  ]);
  return {
    format: 'ipu-pipeline-doctor',
    version: 1,
    environment: environment(),
    cpuFeatures: features,
    freeMemoryBytes: freemem(),
    gpuJs: {
      version: 'facts' in gpuJs ? gpuJs.facts.version : null,
      adapters: 'facts' in gpuJs ? gpuJs.facts.adapters : [],
      modes: modesOf(gpuJs),
    },
    onnx: onnxOf(onnx),
    auto: autoChoice(gpuJs),
  };
}

function modesOf(probed: Probed<GpuJsFacts>): Doctor['gpuJs']['modes'] {
  if ('fault' in probed) {
    const none = { available: false, note: `gpu.js cannot be asked: ${probed.fault}` };
    return { webgpu: none, webasm: none, cpu: none };
  }
  const { adapters, adapterFault, webasm, simd } = probed.facts;
  const [first] = adapters;
  return {
    webgpu: first
      ? { available: true, note: first.isSoftware ? 'on a software adapter: for tests' : first.description }
      : {
          available: false,
          note: `${adapterFault ?? 'no adapter'}. It needs a GPU with its Vulkan, Metal or Direct3D 12 driver, on Linux also libvulkan1`,
        },
    webasm: webasm
      ? {
          available: true,
          note: simd ? 'with SIMD, one thread a stage' : 'without SIMD: this processor lacks it',
        }
      : { available: false, note: 'this Node has no WebAssembly: start it without --jitless' },
    cpu: { available: true, note: 'plain JavaScript, the last resort' },
  };
}

function onnxOf(probed: Probed<OnnxFacts>): Doctor['onnx'] {
  if ('facts' in probed) return { available: true, ...probed.facts };
  return {
    available: false,
    note: `${probed.fault}. Install it with \`ONNXRUNTIME_NODE_INSTALL=skip npm install onnxruntime-node\``,
  };
}
