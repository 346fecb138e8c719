import { InputError, InternalError } from '../../../ipu-config/base/errors.js';
import {
  cellCount,
  lengthOf,
  putAll,
  resultLength,
  type Cells,
  type ComputeDevice,
  type DeviceArray,
  type DeviceOptions,
  type KernelObserver,
  type CompiledKernel,
} from './device.js';
import {
  checkMode,
  kernelSettings,
  loadGpuJs,
  type FunctionNode,
  type GpuJs,
  type GpuJsKernel,
  type GpuJsLibrary,
  type MemoryLayout,
  type RunCells,
} from './gpu-js-library.js';
import type { KernelDefinition } from './kernels/definition.js';
import { wasm, type WasmLinearMemory } from './web-assembly.js';
import { WasmMemory, type Region } from './webasm-memory.js';

interface WasmArray extends DeviceArray {
  readonly region: Region;
}

interface WasmModule {
  readonly memory: WasmLinearMemory;
  readonly run: RunCells;
  readonly runSimd: RunCells | null;
}

/** Room for activations from the start: enough for a row of BERT-large at sequence 384. */
const ACTIVATION_BYTES = 96 << 20;
/** More than a stage has kernels for one length; a row of many lengths makes new ones. */
const MAX_MODULES = 256;

interface WasmProgram extends CompiledKernel {
  readonly kernel: GpuJsKernel;
  /** Where each Integer argument is, by its place among all. */
  readonly scalars: ReadonlyMap<number, Region>;
  result?: Region;
  /** By sizes and places, which gpu.js compiles into the code. */
  readonly modules: Map<string, WasmModule>;
}

/**
 * gpu.js's WebAssembly kernels over one memory that is ours. A kernel that is called by itself has a memory of its
 * own, into which every argument is copied, and copies its result out; so gpu.js's own pipelines put kernels on one
 * memory, and this does the same, but keeps the weights when the sizes of a micro-batch change. One thread.
 */
class WebasmDevice implements ComputeDevice {
  readonly mode = 'webasm';
  readonly transfers = { uploads: 0, readbacks: 0 };
  readonly #library: GpuJsLibrary;
  readonly #gpu: GpuJs;
  readonly #memory: WasmMemory;
  readonly #onKernel: KernelObserver | undefined;
  #input: Region | undefined;

  constructor(library: GpuJsLibrary, { weightBytes, onKernel }: DeviceOptions) {
    this.#library = library;
    this.#memory = new WasmMemory(weightBytes + ACTIVATION_BYTES);
    this.#gpu = new library.GPU({ mode: 'webasm' });
    this.#onKernel = onKernel;
  }

  store(...parts: readonly Float32Array[]): WasmArray {
    const length = lengthOf(parts);
    const region = this.#memory.allocate(4 * length);
    putAll(parts, this.#memory.now.floats, region.offset / 4);
    return { length, region };
  }

  compile(definition: KernelDefinition, constants: Readonly<Record<string, number>>): WasmProgram {
    const { source, settings } = kernelSettings(definition, constants);
    const kernel = this.#gpu.createKernel(source, { ...settings, output: [1, 1, 1] });
    const internals = kernel.kernel;
    const types = definition.arguments;
    const samples = types.map((type) => (type === 'Array' ? new Float32Array(1) : 0));
    internals.setupConstants();
    internals.setupArguments(samples);
    internals.validateSettings(samples);
    internals.threadDim = [1, 1, 1];
    if (!internals.translateSource()) {
      throw new InternalError(`gpu.js:webasm cannot store the result of the kernel "${definition.name}"`);
    }
    keepIntegers(internals.functionBuilder.functionMap['kernel']!);
    checkMode(definition, kernel, 'webasm');
    const scalars = new Map<number, Region>();
    types.forEach((type, at) => type === 'Integer' && scalars.set(at, this.#memory.allocate(4)));
    return { definition, kernel, scalars, modules: new Map() };
  }

  upload(values: Float32Array): WasmArray {
    this.transfers.uploads++;
    this.#input = this.#grown(this.#input, values.byteLength);
    this.#memory.now.floats.set(values, this.#input.offset / 4);
    return { length: values.length, region: this.#input };
  }

  run(given: CompiledKernel, cells: Cells, values: readonly (DeviceArray | number)[]): Promise<WasmArray> {
    const program = given as WasmProgram;
    const startNs = this.#onKernel ? process.hrtime.bigint() : 0n;
    const length = resultLength(program.definition, cells);
    program.result = this.#grown(program.result, 4 * length);
    const module = this.#moduleFor(program, cells, values);
    const { integers } = this.#memory.now;
    for (const [at, { offset }] of program.scalars) integers[offset / 4] = values[at] as number;
    this.#library.WebAssemblyKernel.dispatchSpans(module.run, module.runSimd, cellCount(cells), cells[0], 0);
    this.#onKernel?.(program.definition, Number(process.hrtime.bigint() - startNs));
    return Promise.resolve({ length, region: program.result });
  }

  read(array: DeviceArray, length: number): Promise<Float32Array> {
    this.transfers.readbacks++;
    const from = (array as WasmArray).region.offset / 4;
    return Promise.resolve(this.#memory.now.floats.slice(from, from + length));
  }

  async dispose(): Promise<void> {
    this.#memory.clear();
    await this.#gpu.destroy();
  }

  /** Half as much again as is needed, so that a row of ever longer inputs does not copy the memory each time. */
  #grown(region: Region | undefined, bytes: number): Region {
    if (region && region.bytes >= bytes) return region;
    if (!region) return this.#memory.allocate(bytes);
    this.#memory.free(region);
    return this.#memory.allocate(bytes + (bytes >> 1));
  }

  #moduleFor(program: WasmProgram, cells: Cells, values: readonly (DeviceArray | number)[]): WasmModule {
    const offsets = values.map((value) =>
      typeof value === 'number' ? '' : (value as WasmArray).region.offset,
    );
    // The number of rows or slices is not in the code, the length of a row and of a slice is.
    const key = [...cells.slice(0, -1), cells.length, program.result!.offset, ...offsets].join(',');
    const known = program.modules.get(key);
    if (known && known.memory === this.#memory.now.memory) return known;
    if (program.modules.size >= MAX_MODULES) program.modules.clear();
    const module = this.#assemble(program, cells, values);
    program.modules.set(key, module);
    return module;
  }

  #assemble(program: WasmProgram, cells: Cells, values: readonly (DeviceArray | number)[]): WasmModule {
    const { memory, totalBytes } = this.#memory.now;
    const internals = program.kernel.kernel;
    internals.output = [...cells];
    internals.threadDim = [cells[0], cells[1] ?? 1, cells[2] ?? 1];
    const layout = layoutOf(program, values, totalBytes);
    const { bytes } = internals._assembleModule(layout, cellCount(cells), false);
    checkMode(program.definition, program.kernel, 'webasm');
    const env: Record<string, unknown> = { memory };
    for (const name of internals.usedMathImports)
      env[`math_${String(name)}`] = Object.getOwnPropertyDescriptor(Math, name)!.value;
    const { exports } = new wasm.Instance(new wasm.Module(bytes), { env });
    const { run, run_simd: runSimd } = exports as { run: RunCells; run_simd?: RunCells };
    return { memory, run, runSimd: runSimd ?? null };
  }
}

/** @throws InputError where WebAssembly is not to be had */
export async function openWebasmDevice(options: DeviceOptions): Promise<ComputeDevice> {
  const library = await loadGpuJs();
  if (library.WebAssemblyKernel.isSupported) return new WebasmDevice(library, options);
  throw new InputError(
    'gpu.js:webasm needs WebAssembly, which this Node does not have (is it started with --jitless?): ' +
      'use gpu.js:cpu, or another executor.',
  );
}

/**
 * gpu.js walks a kernel three times (types, scalar code, SIMD code). In the first the `0` of `let at = 0; at++` has no
 * type yet and the variable becomes an integer; by the second the `0` is known as an integer, and from integers it
 * makes floats: places beyond 2²⁴ would be wrong. So these numbers stay without a type.
 */
function keepIntegers(node: FunctionNode): void {
  for (const { declaration } of node.identifiers) {
    const init = declaration?.ast.init;
    if (declaration?.suggestedType !== 'Integer' || init?.type !== 'Literal') continue;
    const untyped = { get: () => 'LiteralInteger', set: () => undefined, configurable: true };
    Object.defineProperty(node.literalTypes, node.astKey(init), untyped);
  }
}

function layoutOf(
  { definition, kernel, scalars, result }: WasmProgram,
  values: readonly (DeviceArray | number)[],
  totalBytes: number,
): MemoryLayout {
  const arrays: MemoryLayout['arrays'] = {};
  const places: MemoryLayout['scalars'] = {};
  definition.arguments.forEach((type, index) => {
    const name = kernel.kernel.argumentNames[index]!;
    const { offset, bytes } = scalars.get(index) ?? (values[index] as WasmArray).region;
    const flatLength = Math.floor(bytes / 4);
    if (type === 'Integer') places[name] = { index, offset, type };
    else arrays[name] = { index, offset, dims: [flatLength, 1, 1], flatLength };
  });
  return { arrays, scalars: places, constantArrays: {}, outputOffset: result!.offset, totalBytes };
}
