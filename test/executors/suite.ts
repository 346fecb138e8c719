import { InputError, type Tensor } from 'ipu-pipeline';
import { MODEL_HEADS, type ModelHead, type Slice, programOf } from 'ipu-pipeline/models';
import { referenceExecutor, type Executor } from 'ipu-pipeline/executors';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  cases,
  headFor,
  inputsOf,
  pickRows,
  randomWeights,
  runSlices,
  whole,
  type Case,
} from './random-model.js';

/** How far two float32 results of these small models may be apart: values are of size 1, errors near 1e-6. */
const TOLERANCE = 1e-4;

const heads = fc.constantFrom(...MODEL_HEADS);

export const FIXED: Case = {
  config: {
    modelType: 'bert',
    hiddenSize: 12,
    numHiddenLayers: 3,
    numAttentionHeads: 3,
    intermediateSize: 20,
    vocabSize: 37,
    maxPositionEmbeddings: 24,
    typeVocabSize: 2,
    layerNormEps: 1e-12,
    hiddenAct: 'gelu',
    numLabels: 3,
    id2label: { 0: 'A', 1: 'B', 2: 'C' },
  },
  seed: 5,
  batch: 3,
  sequence: 6,
  // A row with nothing real, one with padding on the left, one with holes.
  mask: [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 1, 1, 0, 0],
};

/** What every executor must do, whatever it computes with. */
export function executorSuite(executor: Executor, runs = 25): void {
  describe(`executor ${executor.name}`, () => {
    it('agrees with the reference on any small model', async () => {
      await fc.assert(
        fc.asyncProperty(cases, heads, async (drawn, wanted) => {
          const head = headFor(drawn.config, wanted);
          const slices = [whole(drawn.config, head)];
          const inputs = inputsOf(drawn);
          const actual = await runSlices(executor, drawn, slices, inputs);
          const expected = await runSlices(referenceExecutor, drawn, slices, inputs);
          expectClose(actual, expected);
        }),
        { numRuns: runs },
      );
    });

    it('gives the same bits in slices as in one piece', async () => {
      await fc.assert(
        fc.asyncProperty(cases, heads, fc.infiniteStream(fc.boolean()), async (drawn, wanted, cuts) => {
          const head = headFor(drawn.config, wanted);
          const inputs = inputsOf(drawn);
          const one = await runSlices(executor, drawn, [whole(drawn.config, head)], inputs);
          const many = await runSlices(executor, drawn, cut(drawn, head, cuts), inputs);
          expect(many).toEqual(one);
        }),
        { numRuns: runs },
      );
    });

    it('gives the same bits again, and on two threads', async () => {
      await fc.assert(
        fc.asyncProperty(cases, heads, async (drawn, wanted) => {
          const head = headFor(drawn.config, wanted);
          const slices = [whole(drawn.config, head)];
          const inputs = inputsOf(drawn);
          const first = await runSlices(executor, drawn, slices, inputs);
          expect(await runSlices(executor, drawn, slices, inputs)).toEqual(first);
          expect(await runSlices(executor, drawn, slices, inputs, 2)).toEqual(first);
        }),
        { numRuns: runs },
      );
    });

    it('computes each row of a batch as if it were alone', async () => {
      await fc.assert(
        fc.asyncProperty(cases, async (drawn) => {
          const slices = [whole(drawn.config, null)];
          const inputs = inputsOf(drawn);
          const together = await runSlices(executor, drawn, slices, inputs);
          for (let row = 0; row < drawn.batch; row++) {
            const alone = await runSlices(executor, drawn, slices, pickRows(inputs, [row]));
            expectClose(alone, pickRows(together, [row]));
          }
        }),
        { numRuns: runs },
      );
    });

    it('does not see tokens that are masked', async () => {
      const inputs = inputsOf(FIXED);
      const changed = inputs.map((tensor) =>
        tensor.name === 'input_ids'
          ? {
              ...tensor,
              data: tensor.data.map((id, at) => (FIXED.mask[at] ? id : (id + 1) % 37)) as Int32Array,
            }
          : tensor,
      ) as Tensor[];
      const slices = [whole(FIXED.config, null)];
      const [before] = await runSlices(executor, FIXED, slices, inputs);
      const [after] = await runSlices(executor, FIXED, slices, changed);
      const { hiddenSize } = FIXED.config;
      // The first row is masked as a whole: it attends to all of its tokens alike, so it may change.
      for (let at = FIXED.sequence; at < FIXED.mask.length; at++) {
        if (!FIXED.mask[at]) continue;
        const range = [at * hiddenSize, (at + 1) * hiddenSize] as const;
        expect(after!.data.slice(...range)).toEqual(before!.data.slice(...range));
      }
      expect(after!.data).not.toEqual(before!.data);
    });

    it('agrees with the reference on rows with nothing real, left padding and holes', async () => {
      const slices = [whole(FIXED.config, 'pooler')];
      const inputs = inputsOf(FIXED);
      const actual = await runSlices(executor, FIXED, slices, inputs);
      expectClose(actual, await runSlices(referenceExecutor, FIXED, slices, inputs));
    });

    it('takes inputs in shared memory and leaves them as they are', async () => {
      const inputs = inputsOf(FIXED);
      const slices = [whole(FIXED.config, null)];
      const shared = inputs.map((tensor) => {
        const data = new Int32Array(new SharedArrayBuffer(tensor.data.byteLength));
        data.set(tensor.data);
        return { ...tensor, data } as Tensor;
      });
      const outputs = await runSlices(executor, FIXED, slices, shared);
      expect(outputs).toEqual(await runSlices(executor, FIXED, slices, inputs));
      shared.forEach(({ data }, at) => expect([...data]).toEqual([...inputs[at]!.data]));
      for (const { data } of outputs) expect(shared.some((tensor) => tensor.data === data)).toBe(false);
    });

    it('serves several lengths and batches with one stage, and counts its weights', async () => {
      const { config, seed } = FIXED;
      const slice = whole(config, 'question-answering');
      const loaded: number[] = [];
      const options = { threads: 1, onProgress: (share: number) => void loaded.push(share) };
      const stage = await executor.prepare(programOf(config, slice), randomWeights(seed), options);
      try {
        expect(loaded.at(-1)).toBe(1);
        expect(stage.weightBytes).toBe(4 * parameters(config));
        for (const [batch, sequence] of [
          [1, 1],
          [2, 24],
          [3, 7],
          [1, 1],
        ] as const) {
          const drawn = { ...FIXED, batch, sequence, mask: Array<number>(batch * sequence).fill(1) };
          const outputs = await stage.run(inputsOf(drawn));
          expect(outputs.map(({ name, shape }) => [name, ...shape])).toEqual([
            ['start_logits', batch, sequence],
            ['end_logits', batch, sequence],
          ]);
        }
      } finally {
        await stage.dispose();
      }
    });

    it.each([
      ['a missing tensor', (t: Tensor[]) => t.slice(0, 2), /token_type_ids/],
      [
        'another shape',
        (t: Tensor[]) => [{ ...t[0]!, shape: [2, 9] }, t[1]!, t[2]!],
        /input_ids.*\[2, 9\].*\[3, 6\]/,
      ],
      [
        'a token beyond the vocabulary',
        (t: Tensor[]) => [withFirst(t[0]!, 37), t[1]!, t[2]!],
        /input_ids\[0, 0\] is 37.*36/,
      ],
      [
        'a negative type',
        (t: Tensor[]) => [t[0]!, t[1]!, withFirst(t[2]!, -1)],
        /token_type_ids\[0, 0\] is -1/,
      ],
      [
        'too long a row',
        () => inputsOf({ ...FIXED, batch: 1, sequence: 25, mask: Array<number>(25).fill(1) }),
        /25.*24 positions/,
      ],
      ['no rows', () => inputsOf({ ...FIXED, batch: 0, mask: [] }), /attention_mask.*\[0, 6\]/],
    ])('refuses %s by name', async (_, spoil, message) => {
      const { config, seed } = FIXED;
      const stage = await executor.prepare(programOf(config, whole(config, null)), randomWeights(seed), {
        threads: 1,
      });
      try {
        const failed = await outcome(() => stage.run(spoil(inputsOf(FIXED))));
        expect(failed).toBeInstanceOf(InputError);
        expect((failed as Error).message).toMatch(message);
      } finally {
        await stage.dispose();
      }
    });
  });
}

async function outcome(action: () => Promise<unknown>): Promise<unknown> {
  try {
    return await action();
  } catch (error) {
    return error;
  }
}

function withFirst(tensor: Tensor, value: number): Tensor {
  const data = tensor.data.slice();
  data[0] = value;
  return { ...tensor, data } as Tensor;
}

/** Stages cut before the layers where a draw says so; a cut may leave the embedding or the head alone. */
function cut({ config }: Case, head: ModelHead | null, cuts: Iterable<boolean>): Slice[] {
  const draw = cuts[Symbol.iterator]();
  const slices: Slice[] = [];
  let first = 0;
  for (let layer = 0; layer <= config.numHiddenLayers; layer++) {
    if (!draw.next().value) continue;
    slices.push({ embedding: slices.length === 0, firstLayer: first, endLayer: layer, head: null });
    first = layer;
  }
  const last = { embedding: slices.length === 0, firstLayer: first, endLayer: config.numHiddenLayers, head };
  return [...slices, last];
}

function expectClose(actual: readonly Tensor[], expected: readonly Tensor[]): void {
  expect(actual.map(({ name, shape }) => ({ name, shape }))).toEqual(
    expected.map(({ name, shape }) => ({ name, shape })),
  );
  actual.forEach(({ name, data }, t) => {
    let off = 0;
    data.forEach((value, at) => {
      const error = Math.abs(value - expected[t]!.data[at]!);
      if (!(error <= off)) off = Number.isNaN(error) ? Infinity : error;
    });
    expect(off, `${name} is off by`).toBeLessThan(TOLERANCE);
  });
}

/** Of the whole model with the question-answering head. */
function parameters({ hiddenSize: h, intermediateSize: i, ...config }: Case['config']): number {
  const embedding = (config.vocabSize + config.maxPositionEmbeddings + config.typeVocabSize + 2) * h;
  const layer = 4 * (h * h + h) + (h * i + i) + (i * h + h) + 4 * h;
  return embedding + config.numHiddenLayers * layer + 2 * h + 2;
}
