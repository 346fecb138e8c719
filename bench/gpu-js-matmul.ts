/**
 * Formulations of x · Wᵀ + bias as gpu.js kernels, side by side in each mode, against the naive one of that mode.
 *
 *   tsx bench/gpu-js-matmul.ts [--modes webasm,cpu,webgpu] [--rows 384] [--inputs 1024] [--outputs 1024]
 *     [--repeats 3] [--rounds 3]
 *
 * Each is checked on some rows against double precision. Times are of the kernel alone, best of all; on webgpu until
 * the queue is done. Rows, inputs and outputs are multiples of 4, which the chosen kernels do not need. Modes that are not to be had are left out with a reason.
 */
import { parseArgs } from 'node:util';
import type { Cells, ComputeDevice, GpuJsMode } from 'ipu-pipeline/executors';
import { environment, matmulConstants, openComputeDevice } from 'ipu-pipeline/internals';
import type { Candidate } from './gpu-js-candidate.js';
import { FOUR_OUTPUTS } from './gpu-js-candidates-of-four.js';
import { ONE_OUTPUT } from './gpu-js-candidates.js';

const { values: flags } = parseArgs({
  options: {
    modes: { type: 'string', default: 'webasm,cpu,webgpu' },
    rows: { type: 'string', default: '384' },
    inputs: { type: 'string', default: '1024' },
    outputs: { type: 'string', default: '1024' },
    repeats: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
  },
});
const sizes = [flags.rows, flags.inputs, flags.outputs].map(Number);
const [rows, inputs, outputs] = sizes as [number, number, number];
const [repeats, rounds] = [Number(flags.repeats), Number(flags.rounds)];
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
  if (form === 'blocks') {
    return ((row >> 1) * Math.ceil(outputs / 2) + (column >> 1)) * 4 + (row & 1) * 2 + (column & 1);
  }
  return ((column >> 2) * rows + row) * 4 + (column & 3);
}

const CELLS: Record<Candidate['result'], Cells> = {
  rows: [outputs, rows],
  quads: [outputs, Math.ceil(rows / 4)],
  'column quads': [rows, Math.ceil(outputs / 4)],
  blocks: [Math.ceil(outputs / 2), Math.ceil(rows / 2)],
};

/** Root mean square over some rows, against double precision. */
function roundingError(result: Float32Array, form: Candidate['result']): number {
  let squares = 0;
  for (let row = 0; row < CHECKED_ROWS; row++) {
    for (let column = 0; column < outputs; column++) {
      let sum = bias[column]!;
      for (let k = 0; k < inputs; k++) sum += x[row * inputs + k]! * weight[column * inputs + k]!;
      squares += (result[placeOf(form, row, column)]! - sum) ** 2;
    }
  }
  return Math.sqrt(squares / (CHECKED_ROWS * outputs));
}

async function measure(mode: GpuJsMode, candidate: Candidate): Promise<{ rate: number; error: number }> {
  const times: number[] = [];
  const device: ComputeDevice = await openComputeDevice(mode, {
    weightBytes: 4 * (x.length + weight.length + bias.length),
    onKernel: (_, elapsedNs) => times.push(elapsedNs),
  });
  try {
    const program = device.compile(candidate.kernel, matmulConstants(inputs, outputs));
    const all = [device.upload(x), device.store(packed(candidate.weights)), device.store(bias), rows];
    const values = all.slice(0, candidate.kernel.arguments.length);
    const cells: Cells = candidate.flat
      ? [CELLS[candidate.result].reduce((product, count) => product * count, 1)]
      : CELLS[candidate.result];
    let result = await device.run(program, cells, values);
    for (let i = 1; i < repeats; i++) result = await device.run(program, cells, values);
    const error = roundingError(await device.read(result, rows * outputs), candidate.result);
    if (!(error < 1e-3)) throw new Error(`${candidate.name} in mode ${mode} is off by ${error}`);
    return { rate: (2 * rows * inputs * outputs) / Math.min(...times), error };
  } finally {
    await device.dispose();
  }
}

const { cpu, cores, node } = environment();
console.log(`[${rows}×${inputs}]·[${inputs}×${outputs}], ${cpu}, ${cores} cores, Node ${node}`);
const candidates = [...ONE_OUTPUT, ...FOUR_OUTPUTS];
for (const mode of flags.modes.split(',') as GpuJsMode[]) {
  console.log(`\ngpu.js:${mode}`.padEnd(44), 'GFLOP/s   against naive   rounding error (rms)');
  try {
    // Round by round, so that another process that comes and goes does not hit one candidate alone.
    const best = candidates.map(() => ({ rate: 0, error: 0 }));
    for (let round = 0; round < rounds; round++) {
      for (const [at, candidate] of candidates.entries()) {
        const { rate, error } = await measure(mode, candidate);
        best[at] = { rate: Math.max(best[at]!.rate, rate), error };
      }
    }
    candidates.forEach(({ name, takenBy }, at) => {
      const { rate, error } = best[at]!;
      console.log(
        `  ${name.padEnd(41)} ${rate.toFixed(2).padStart(7)} ${(rate / best[0]!.rate).toFixed(2).padStart(13)} × ` +
          `${error.toExponential(1).padStart(9)}${takenBy?.includes(mode) ? '   taken' : ''}`,
      );
    });
  } catch (error) {
    console.log(`  left out: ${(error as Error).message}`);
  }
}
