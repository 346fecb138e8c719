/**
 * Formulations of x · Wᵀ + bias as gpu.js kernels, side by side in each mode, against the naive one of that mode.
 *
 *   tsx bench/gpu-js-matmul.ts [--modes webasm,cpu,webgpu] [--rows 384] [--inputs 1024] [--outputs 1024]
 *     [--repeats 5]
 *
 * Each is checked on some rows against double precision. Times are of the kernel alone, best of the repeats; on
 * webgpu until the queue is done. Modes that are not to be had are left out with a reason.
 */
import { parseArgs } from 'node:util';
import { environment, openComputeDevice, type Cells, type ComputeDevice, type GpuJsMode } from 'ipu-pipeline';
import { CANDIDATES, constants, type Candidate } from './gpu-js-candidates.js';

const { values: flags } = parseArgs({
  options: {
    modes: { type: 'string', default: 'webasm,cpu,webgpu' },
    rows: { type: 'string', default: '384' },
    inputs: { type: 'string', default: '1024' },
    outputs: { type: 'string', default: '1024' },
    repeats: { type: 'string', default: '5' },
  },
});
const [rows, inputs, outputs, repeats] = [flags.rows, flags.inputs, flags.outputs, flags.repeats].map(
  Number,
) as [number, number, number, number];
const CHECKED_ROWS = 8;

const random = (length: number): Float32Array => Float32Array.from({ length }, () => Math.random() - 0.5);
const x = random(rows * inputs);
const weight = random(outputs * inputs);
const bias = random(outputs);

function packed(form: Candidate['weights']): Float32Array {
  if (form === 'as stored') return weight;
  const result = new Float32Array(weight.length);
  for (let n = 0; n < outputs; n++) {
    for (let k = 0; k < inputs; k++) {
      const at = form === 'transposed' ? k * outputs + n : ((n >> 2) * inputs + k) * 4 + (n & 3);
      result[at] = weight[n * inputs + k]!;
    }
  }
  return result;
}

function placeOf(form: Candidate['result'], row: number, column: number): number {
  if (form === 'rows') return row * outputs + column;
  if (form === 'quads') return ((row >> 2) * outputs + column) * 4 + (row & 3);
  return ((column >> 2) * rows + row) * 4 + (column & 3);
}

const CELLS: Record<Candidate['result'], Cells> = {
  rows: [outputs, rows],
  quads: [outputs, Math.ceil(rows / 4)],
  'column quads': [rows, Math.ceil(outputs / 4)],
};

function largestError(result: Float32Array, form: Candidate['result']): number {
  let largest = 0;
  for (let row = 0; row < CHECKED_ROWS; row++) {
    for (let column = 0; column < outputs; column++) {
      let sum = bias[column]!;
      for (let k = 0; k < inputs; k++) sum += x[row * inputs + k]! * weight[column * inputs + k]!;
      const error = Math.abs(result[placeOf(form, row, column)]! - sum);
      if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
    }
  }
  return largest;
}

async function measure(mode: GpuJsMode, candidate: Candidate): Promise<number> {
  const times: number[] = [];
  const device: ComputeDevice = await openComputeDevice(mode, {
    weightBytes: 4 * (x.length + weight.length + bias.length),
    onKernel: (_, elapsedNs) => times.push(elapsedNs),
  });
  try {
    const program = device.compile(candidate.kernel, constants(inputs, outputs));
    const all = [device.upload(x), device.store(packed(candidate.weights)), device.store(bias), rows];
    const values = all.slice(0, Object.keys(candidate.kernel.arguments).length);
    let result = await device.run(program, CELLS[candidate.result], values);
    for (let i = 1; i < repeats; i++) result = await device.run(program, CELLS[candidate.result], values);
    const error = largestError(await device.read(result, rows * outputs), candidate.result);
    if (!(error < 1e-3)) throw new Error(`${candidate.name} in mode ${mode} is off by ${error}`);
  } finally {
    await device.dispose();
  }
  return (2 * rows * inputs * outputs) / Math.min(...times);
}

const { cpu, cores, node } = environment();
console.log(`[${rows}×${inputs}]·[${inputs}×${outputs}], ${cpu}, ${cores} cores, Node ${node}`);
for (const mode of flags.modes.split(',') as GpuJsMode[]) {
  console.log(`\ngpu.js:${mode}`.padEnd(44), 'GFLOP/s   against naive');
  try {
    let naive: number | undefined;
    for (const candidate of CANDIDATES) {
      const rate = await measure(mode, candidate);
      naive ??= rate;
      console.log(
        `  ${candidate.name.padEnd(41)} ${rate.toFixed(2).padStart(7)}   ${(rate / naive).toFixed(2)} ×`,
      );
    }
  } catch (error) {
    console.log(`  left out: ${(error as Error).message}`);
  }
}
