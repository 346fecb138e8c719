import {
  oneDevice,
  planStages,
  startBertPipeline,
  openModel,
  IpuConfig,
  placeBert,
  type Tensor,
} from 'ipu-pipeline';
import type { Span } from 'ipu-pipeline/schedules';
import { type ModelConfig, type WeightSource, programOf } from 'ipu-pipeline/models';
import { gelu, gpuJsExecutor, referenceExecutor, type GpuJsMode } from 'ipu-pipeline/executors';
import { exponentialsByTable, openComputeDevice, POWERS_OF_HALF } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { inputsOf, randomWeights, whole, type Case } from './random-model.js';

const BASE: ModelConfig = {
  modelType: 'bert',
  hiddenSize: 64,
  numHiddenLayers: 1,
  numAttentionHeads: 1,
  intermediateSize: 96,
  vocabSize: 37,
  maxPositionEmbeddings: 384,
  typeVocabSize: 2,
  layerNormEps: 1e-12,
  hiddenAct: 'gelu',
  numLabels: 3,
  id2label: { 0: 'A', 1: 'B', 2: 'C' },
};

/** Sums of a thousand products of size 1/4 round to some 1e-5 in float32. */
const TOLERANCE = 2e-4;

/** What gpu.js's executor must do beyond what every executor must. */
export function gpuJsSuite(mode: GpuJsMode): void {
  const executor = gpuJsExecutor(mode);

  describe(`gpu.js:${mode}`, () => {
    it.each([
      ['sequence 1', { sequence: 1 }],
      ['sequence 7, two rows', { sequence: 7, batch: 2 }],
      ['sequence 383', { sequence: 383 }],
      // gpu.js leaves loops after 1000 steps unless it is told otherwise.
      ['an intermediate size beyond 1000', { sequence: 5, config: { intermediateSize: 2050 } }],
      [
        'a hidden size beyond 1000',
        { sequence: 3, config: { hiddenSize: 1028, numAttentionHeads: 4, intermediateSize: 8 } },
      ],
    ] as const)('agrees with the reference at %s', async (_, { config, ...sizes }: Sizes) => {
      const { batch = 1, sequence } = sizes;
      const mask = Array.from({ length: batch * sequence }, (_, at) => (at % 11 === 10 ? 0 : 1));
      const drawn: Case = { config: { ...BASE, ...config }, seed: 3, batch, sequence, mask };
      const [actual, expected] = await Promise.all([run(executor, drawn), run(referenceExecutor, drawn)]);
      expect(largestError(actual, expected)).toBeLessThan(TOLERANCE);
    });

    it('has a gelu that is off by less than 1.5e-7 of its input, or of 1', async () => {
      const inputs = Float32Array.from({ length: 1601 }, (_, at) => (at - 800) / 100);
      // Four rows to a quad, of which only the first counts here.
      const quads = new Float32Array(4 * inputs.length);
      inputs.forEach((x, at) => (quads[4 * at] = x));
      const device = await openComputeDevice(mode, { weightBytes: 0 });
      try {
        const program = device.compile(gelu, { width: inputs.length });
        const result = await device.run(program, [inputs.length, 1], [device.upload(quads)]);
        const values = await device.read(result, inputs.length);
        const errors = inputs.map((x, at) => Math.abs(values[at]! - exactGelu(x)) / Math.max(1, Math.abs(x)));
        expect(Math.max(...errors)).toBeLessThan(1.5e-7);
      } finally {
        await device.dispose();
      }
    });

    it('has exponentials by table that are off by less than 1e-7, and end as zero', async () => {
      const inputs = Float32Array.from({ length: 2001 }, (_, at) => -at / 20);
      // A sequence of one position and four rows to a quad, of which only the first counts; one slice to an input.
      const quads = new Float32Array(4 * inputs.length);
      inputs.forEach((x, at) => (quads[4 * at] = x + 3));
      const largest = new Float32Array(inputs.length).fill(3);
      const device = await openComputeDevice(mode, { weightBytes: 0 });
      try {
        const program = device.compile(exponentialsByTable, {});
        const [at, powers] = [device.store(largest), device.store(POWERS_OF_HALF)];
        const result = await device.run(
          program,
          [4, 1, inputs.length],
          [device.upload(quads), at, powers, 1],
        );
        const values = await device.read(result, quads.length);
        inputs.forEach((_, at) => {
          const x = quads[4 * at]! - 3;
          const error = Math.abs(values[4 * at]! / Math.exp(x) - 1);
          if (x > -87) expect(error, `e^${x} is off by`).toBeLessThan(1e-7);
          if (x < -88) expect(values[4 * at]).toBe(0);
        });
      } finally {
        await device.dispose();
      }
    });

    it('uploads once and reads back once for each micro-batch, with any head', async () => {
      for (const head of [null, 'question-answering', 'pooler', 'pre-training'] as const) {
        const slice = whole(BASE, head);
        const stage = await executor.prepare(programOf(BASE, slice), randomWeights(1), { threads: 1 });
        try {
          for (const sequence of [3, 9, 3]) {
            await stage.run(inputsOf({ ...CASE, sequence, mask: Array<number>(sequence).fill(1) }));
          }
          expect(stage.transfers).toEqual({ uploads: 3, readbacks: 3 });
        } finally {
          await stage.dispose();
        }
      }
    });

    it('keeps its weights when the sizes of micro-batches change', async () => {
      const stage = await executor.prepare(programOf(BASE, whole(BASE, null)), randomWeights(1), {
        threads: 1,
      });
      try {
        const inputs = (sequence: number): Tensor[] =>
          inputsOf({ ...CASE, sequence, mask: Array<number>(sequence).fill(1) });
        const first = await stage.run(inputs(4));
        for (const sequence of [9, 100, 250, 1]) await stage.run(inputs(sequence));
        expect(await stage.run(inputs(4))).toEqual(first);
      } finally {
        await stage.dispose();
      }
    });

    it('holds a table of 30522 × 1024, and finds every place of it', { timeout: 60_000 }, async () => {
      const config: ModelConfig = {
        ...{ ...BASE, vocabSize: 30522, hiddenSize: 1024, numHiddenLayers: 0, maxPositionEmbeddings: 4 },
        numAttentionHeads: 16,
      };
      const inputs = inputsOf({ ...CASE, sequence: 3, mask: [1, 1, 1] });
      // The last rows lie beyond 2²⁴, where float32 skips whole numbers.
      inputs[0]!.data.set([30521, 1, 20011]);
      const slice = whole(config, 'masked-lm');
      const [actual, expected] = await Promise.all(
        [executor, referenceExecutor].map(async (each) => {
          const stage = await each.prepare(programOf(config, slice), patternWeights, { threads: 1 });
          try {
            return await stage.run(inputs);
          } finally {
            await stage.dispose();
          }
        }),
      );
      expect(largestError(actual!, expected!)).toBeLessThan(1e-3);
    });

    it(
      'runs several stages in threads of their own, with the bits of one device',
      { timeout: 60_000 },
      async () => {
        const model = await openModel('synthetic:bert-tiny');
        const config = new IpuConfig({ layers_per_ipu: [0, 1, 1], ipus_per_replica: 3 });
        const placement = placeBert(config, { layers: 2, head: model.head, mode: 'inference' });
        const ways = [planStages(model.config, placement), oneDevice(model.config, model.head)];
        const results: (readonly Tensor[])[][] = [];
        const spans: Span[] = [];
        for (const stages of ways) {
          await using pipeline = await startBertPipeline({
            ...{ model, stages, executor: `gpu.js:${mode}`, microBatch: 1, sequenceLength: 16 },
            onSpan: (span) => spans.push(span),
          });
          const own = [];
          for await (const { tensors } of pipeline.run(Array.from({ length: 5 }, (_, i) => textOf(i)))) {
            own.push(tensors.map((tensor) => ({ ...tensor, data: tensor.data.slice() }) as Tensor));
          }
          results.push(own);
        }
        expect(results[0]).toEqual(results[1]);
        const actions = spans.filter(({ kind }) => kind === 'action');
        expect(actions).toHaveLength(5 * 3 + 5);
        for (const { uploads, readbacks } of actions)
          expect({ uploads, readbacks }).toEqual({ uploads: 1, readbacks: 1 });
      },
    );
  });
}

/** x · (1 + erf(x / √2)) / 2 in float64, erf by Simpson's rule over its integral. */
function exactGelu(x: number): number {
  const [steps, end] = [4000, x / Math.SQRT2];
  let sum = 0;
  for (let at = 0; at <= steps; at++) {
    const weight = at === 0 || at === steps ? 1 : 2 + 2 * (at % 2);
    sum += weight * Math.exp(-(((end * at) / steps) ** 2));
  }
  return (x * (1 + (2 / Math.sqrt(Math.PI)) * ((sum * end) / steps / 3))) / 2;
}

interface Sizes {
  readonly sequence: number;
  readonly batch?: number;
  readonly config?: Partial<ModelConfig>;
}

/** Numbers without a short period, quickly made. */
const patternWeights: WeightSource = {
  has: () => true,
  tensor(name, shape) {
    const values = new Float32Array(shape.reduce((product, d) => product * d, 1));
    const centre = name.endsWith('LayerNorm.weight') ? 1 : 0;
    for (let at = 0; at < values.length; at++) values[at] = centre + ((at * 7919) % 10007) / 50035 - 0.1;
    return Promise.resolve(values);
  },
  close: () => Promise.resolve(),
};

const CASE: Case = { config: BASE, seed: 1, batch: 1, sequence: 3, mask: [1, 1, 1] };

async function run(executor: typeof referenceExecutor, drawn: Case): Promise<readonly Tensor[]> {
  const { config, seed } = drawn;
  const slice = whole(config, 'question-answering');
  const stage = await executor.prepare(programOf(config, slice), randomWeights(seed), { threads: 1 });
  try {
    return await stage.run(inputsOf(drawn));
  } finally {
    await stage.dispose();
  }
}

function largestError(actual: readonly Tensor[], expected: readonly Tensor[]): number {
  let largest = 0;
  actual.forEach(({ data }, t) => {
    expect(data.length).toBe(expected[t]!.data.length);
    data.forEach((value: number, at: number) => {
      const error = Math.abs(value - expected[t]!.data[at]!);
      if (!(error <= largest)) largest = Number.isNaN(error) ? Infinity : error;
    });
  });
  return largest;
}

function textOf(index: number): Tensor[] {
  const length = 9 + index;
  const ints = (name: string, value: (at: number) => number): Tensor => ({
    ...{ name, dtype: 'int32', shape: [1, length] },
    data: Int32Array.from({ length }, (_, at) => value(at)),
  });
  return [
    ints('input_ids', (at) => 100 + at * 7 + index),
    ints('attention_mask', () => 1),
    ints('token_type_ids', (at) => at % 2),
  ];
}
