import type { Tensor } from 'ipu-pipeline';
import {
  familyOfType,
  programOf,
  type ModelConfig,
  type ModelHead,
  type Slice,
  type WeightSource,
} from 'ipu-pipeline/models';
import type { Executor } from 'ipu-pipeline/executors';
import fc from 'fast-check';

/** A small model and a batch for it. */
export interface Case {
  readonly config: ModelConfig;
  readonly seed: number;
  readonly batch: number;
  readonly sequence: number;
  readonly mask: readonly number[];
}

const VOCABULARY = 37;

/** Odd sizes on purpose: heads of 1 … 9 numbers, 1 … 3 heads, rows that no vector width divides. */
export const cases: fc.Arbitrary<Case> = fc
  .record({
    modelType: fc.constantFrom('bert', 'roberta', 'distilbert'),
    padTokenId: fc.integer({ min: 0, max: 3 }),
    heads: fc.integer({ min: 1, max: 3 }),
    headSize: fc.integer({ min: 1, max: 9 }),
    intermediate: fc.integer({ min: 1, max: 33 }),
    layers: fc.integer({ min: 1, max: 4 }),
    hiddenAct: fc.constantFrom('gelu', 'gelu_new', 'relu'),
    epsilon: fc.constantFrom(1e-12, 1e-5),
    seed: fc.integer({ min: 0, max: 2 ** 31 - 1 }),
    batch: fc.integer({ min: 1, max: 3 }),
    sequence: fc.oneof(fc.constant(1), fc.integer({ min: 2, max: 19 })),
  })
  // LayerNorm divides by the spread of a row: over two elements it is nearly a sign, which magnifies any rounding.
  .filter(({ heads, headSize }) => heads * headSize >= 4)
  .chain((size) =>
    fc
      .array(fc.constantFrom(0, 1), {
        minLength: size.batch * size.sequence,
        maxLength: size.batch * size.sequence,
      })
      .map((mask) => ({ ...size, mask, config: configOf(size) })),
  );

function configOf(size: {
  modelType: string;
  padTokenId: number;
  heads: number;
  headSize: number;
  intermediate: number;
  layers: number;
  hiddenAct: ModelConfig['hiddenAct'];
  epsilon: number;
}): ModelConfig {
  return {
    modelType: size.modelType,
    ...(size.modelType === 'roberta' ? { padTokenId: size.padTokenId } : {}),
    hiddenSize: size.heads * size.headSize,
    numHiddenLayers: size.layers,
    numAttentionHeads: size.heads,
    intermediateSize: size.intermediate,
    vocabSize: VOCABULARY,
    maxPositionEmbeddings: 24,
    typeVocabSize: 2,
    layerNormEps: size.epsilon,
    hiddenAct: size.hiddenAct,
    numLabels: 3,
    id2label: { 0: 'A', 1: 'B', 2: 'C' },
  };
}

/** The head where the family of a model has it, else the plain encoder. */
export function headFor({ modelType }: ModelConfig, head: ModelHead): ModelHead | null {
  return familyOfType(modelType)!.heads[head] ? head : null;
}

/** Uniform −0.5 … 0.5, around 1 for LayerNorm's scale; the same for a name and a seed. */
export function randomWeights(seed: number): WeightSource {
  return {
    has: () => true,
    tensor(name, shape) {
      const next = random(seed ^ [...name].reduce((hash, c) => Math.imul(hash, 31) + c.charCodeAt(0), 7));
      const centre = /layer_?norm\.weight$/i.test(name) ? 1 : 0;
      const size = shape.reduce((product, d) => product * d, 1);
      return Promise.resolve(Float32Array.from({ length: size }, () => centre + next() - 0.5));
    },
    close: () => Promise.resolve(),
  };
}

/** Mulberry32: 0 … 1. */
function random(seed: number): () => number {
  let state = seed | 0;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function inputsOf({ seed, batch, sequence, mask }: Case): Tensor[] {
  const next = random(seed);
  const shape = [batch, sequence];
  const ints = (name: string, data: Int32Array): Tensor => ({ name, dtype: 'int32', shape, data });
  const length = batch * sequence;
  return [
    ints(
      'input_ids',
      Int32Array.from({ length }, () => Math.floor(next() * VOCABULARY)),
    ),
    ints('attention_mask', Int32Array.from(mask)),
    ints(
      'token_type_ids',
      Int32Array.from({ length }, () => (next() < 0.5 ? 0 : 1)),
    ),
  ];
}

/** The same rows, some of them only. */
export function pickRows(tensors: readonly Tensor[], rows: readonly number[]): Tensor[] {
  return tensors.map((tensor) => {
    const size = tensor.data.length / tensor.shape[0]!;
    const parts = rows.flatMap((row) => [...tensor.data.subarray(row * size, (row + 1) * size)]);
    const data = tensor.dtype === 'int32' ? Int32Array.from(parts) : Float32Array.from(parts);
    return { ...tensor, shape: [rows.length, ...tensor.shape.slice(1)], data } as Tensor;
  });
}

export const whole = ({ numHiddenLayers }: ModelConfig, head: ModelHead | null): Slice => ({
  embedding: true,
  firstLayer: 0,
  endLayer: numHiddenLayers,
  head,
});

/** Runs slices one after another, each in a stage of its own. */
export async function runSlices(
  executor: Executor,
  { config, seed }: Pick<Case, 'config' | 'seed'>,
  slices: readonly Slice[],
  inputs: readonly Tensor[],
  threads = 1,
): Promise<readonly Tensor[]> {
  let tensors = inputs;
  for (const slice of slices) {
    const stage = await executor.prepare(programOf(config, slice), randomWeights(seed), { threads });
    try {
      tensors = await stage.run(tensors);
    } finally {
      await stage.dispose();
    }
  }
  return tensors;
}
