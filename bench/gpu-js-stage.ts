/**
 * Where the time of a stage goes on gpu.js: layers of a BERT model, kernel by kernel.
 *
 *   tsx bench/gpu-js-stage.ts [--mode webasm] [--model synthetic:bert-base] [--seq-len 128] [--layers 1]
 *     [--micro-batches 5]
 *
 * Prints the share of the stage's time in matmul kernels (projections, and the two products of attention), GFLOP/s
 * of each kernel that multiplies matrices and of the whole, the time outside of kernels, and uploads and readbacks
 * for each micro-batch. With the observer on, webgpu waits for every kernel; the last line is without it.
 */
import { parseArgs } from 'node:util';
import { openModel, type Tensor } from 'ipu-pipeline';
import { programOf } from 'ipu-pipeline/models';
import { executorByName } from 'ipu-pipeline/executors';
import { openWeights } from 'ipu-pipeline/tasks';
import { environment } from 'ipu-pipeline/internals';

const { values: flags } = parseArgs({
  options: {
    mode: { type: 'string', default: 'webasm' },
    model: { type: 'string', default: 'synthetic:bert-base' },
    'seq-len': { type: 'string', default: '128' },
    layers: { type: 'string', default: '1' },
    'micro-batches': { type: 'string', default: '5' },
  },
});
const sequence = Number(flags['seq-len']);
const layers = Number(flags.layers);
const microBatches = Number(flags['micro-batches']);
const { config, weights } = await openModel(flags.model);
const { hiddenSize, intermediateSize } = config;

const perLayer = {
  matmul: 2 * sequence * hiddenSize * (4 * hiddenSize + 2 * intermediateSize),
  'attention scores': 2 * sequence * sequence * hiddenSize,
  'attention context': 2 * sequence * sequence * hiddenSize,
};
const flops = layers * Object.values(perLayer).reduce((sum, count) => sum + count, 0);

const inputs: Tensor[] = [
  {
    ...{ name: 'hidden_state', dtype: 'float32', shape: [1, sequence, hiddenSize] },
    data: Float32Array.from({ length: sequence * hiddenSize }, () => Math.random() * 2 - 1),
  },
  { name: 'attention_mask', dtype: 'int32', shape: [1, sequence], data: new Int32Array(sequence).fill(1) },
];

interface Kernel {
  readonly family: string;
  readonly ns: number[];
}

async function run(observed: boolean): Promise<{ wallNs: number; kernels: Map<string, Kernel> }> {
  const kernels = new Map<string, Kernel>();
  const source = await openWeights(weights);
  const slice = { embedding: false, firstLayer: 0, endLayer: layers, head: null };
  const stage = await executorByName(`gpu.js:${flags.mode}`).prepare(programOf(config, slice), source, {
    threads: 1,
    ...(observed
      ? {
          onKernel: ({ name, family }, elapsedNs) => {
            const known = kernels.get(name) ?? { family, ns: [] };
            known.ns.push(elapsedNs);
            kernels.set(name, known);
          },
        }
      : {}),
  });
  try {
    for (let i = 0; i < 2; i++) await stage.run(inputs);
    kernels.clear();
    const before = { ...stage.transfers! };
    const startNs = process.hrtime.bigint();
    for (let i = 0; i < microBatches; i++) await stage.run(inputs);
    const wallNs = Number(process.hrtime.bigint() - startNs) / microBatches;
    if (observed) {
      const { uploads, readbacks } = stage.transfers!;
      console.log(
        `uploads for each micro-batch: ${(uploads - before.uploads) / microBatches}, ` +
          `readbacks: ${(readbacks - before.readbacks) / microBatches}`,
      );
    }
    return { wallNs, kernels };
  } finally {
    await stage.dispose();
    await source.close();
  }
}

const { cpu, cores, node } = environment();
console.log(
  `gpu.js:${flags.mode}, ${flags.model}, ${layers} layer(s), sequence ${sequence}, ${microBatches} micro-batches, ` +
    `${cpu}, ${cores} cores, Node ${node}`,
);
const { wallNs, kernels } = await run(true);
let inKernels = 0;
let inMatmul = 0;
console.log(`\n${'kernel'.padEnd(22)} ms a micro-batch   share   GFLOP/s`);
for (const [name, { family, ns }] of kernels) {
  const each = ns.reduce((sum, value) => sum + value, 0) / microBatches;
  inKernels += each;
  if (family === 'matmul') inMatmul += each;
  const work = layers * (perLayer[name as keyof typeof perLayer] ?? NaN);
  const rate = Number.isNaN(work) ? '' : (work / each).toFixed(2);
  console.log(
    `${name.padEnd(22)} ${(each / 1e6).toFixed(3).padStart(16)}   ${(each / wallNs).toFixed(3)}   ${rate.padStart(7)}`,
  );
}
console.log(`
stage                  ${(wallNs / 1e6).toFixed(3).padStart(16)}   1.000   ${(flops / wallNs).toFixed(2).padStart(7)}
outside of kernels     ${((wallNs - inKernels) / 1e6).toFixed(3).padStart(16)}   ${(1 - inKernels / wallNs).toFixed(3)}
in matmul kernels                          ${(inMatmul / wallNs).toFixed(3)}`);
const { wallNs: freeNs } = await run(false);
console.log(
  `stage, not observed    ${(freeNs / 1e6).toFixed(3).padStart(16)}           ${(flops / freeNs).toFixed(2).padStart(7)}`,
);
