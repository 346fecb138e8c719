import { createRequire } from 'node:module';
import { loadGpuJs } from './gpu-js-library.js';
import { provideWebGpu } from './dawn.js';

/** One WebGPU adapter that Dawn finds. */
export interface Adapter {
  /** `SwiftShader driver 5.0.0`. */
  readonly description: string;
  readonly vendor: string;
  readonly architecture: string;
  /** A processor that plays a GPU: SwiftShader, llvmpipe, WARP. */
  readonly isSoftware: boolean;
  readonly maxBufferBytes: number;
}

/** What `probeGpuJs` learns from a process of its own. */
export interface GpuJsFacts {
  readonly version: string;
  /** In Dawn's order of preference: the first is what gpu.js gets. */
  readonly adapters: readonly Adapter[];
  /** Why there is none. */
  readonly adapterFault?: string;
  readonly webasm: boolean;
  readonly simd: boolean;
}

/** Drivers that compute on the processor and do not always say so. */
const SOFTWARE = /swiftshader|llvmpipe|lavapipe|softpipe|basic render/i;
const REQUESTS: readonly GPURequestAdapterOptions[] = [
  {},
  { powerPreference: 'high-performance' },
  { powerPreference: 'low-power' },
  { forceFallbackAdapter: true },
];

async function adapters(): Promise<Adapter[]> {
  await provideWebGpu();
  const { gpu } = (globalThis as unknown as { navigator: { gpu: GPU } }).navigator;
  const found = new Map<string, Adapter>();
  for (const request of REQUESTS) {
    const adapter = await gpu.requestAdapter(request);
    if (!adapter) continue;
    const { vendor, architecture, device, description, isFallbackAdapter } = adapter.info;
    found.set(`${vendor} ${device} ${description}`, {
      description: description || device || vendor || 'unnamed',
      ...{ vendor, architecture },
      isSoftware: isFallbackAdapter === true || SOFTWARE.test(`${architecture} ${device} ${description}`),
      maxBufferBytes: adapter.limits.maxStorageBufferBindingSize,
    });
  }
  return [...found.values()];
}

async function facts(): Promise<GpuJsFacts> {
  const library = await loadGpuJs();
  const { isSupported, isSIMDSupported } = library.WebAssemblyKernel;
  const { version } = createRequire(import.meta.url)('gpu.js/package.json') as { version: string };
  const common = { version, webasm: isSupported, simd: isSupported && isSIMDSupported };
  try {
    const found = await adapters();
    if (found.length > 0) return { ...common, adapters: found };
    return { ...common, adapters: [], adapterFault: 'Dawn finds no adapter: no driver of a GPU answers' };
  } catch (error) {
    return { ...common, adapters: [], adapterFault: (error as Error).message };
  }
}

// This module is the program of a process of its own: a driver that hangs or crashes takes only that with it.
process.stdout.write(`${JSON.stringify(await facts())}\n`, () => process.exit(0));
