import { readFile } from 'node:fs/promises';
import { openModel, type BertModel } from 'ipu-pipeline';
import type { ModelConfig, ModelHead } from 'ipu-pipeline/models';
import { checkWeights, openWeights } from 'ipu-pipeline/tasks';
import { GeneratedWeights, publishedConfig, sliceTensors } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { shared } from '../shared-data.js';

const whole = (config: ModelConfig, head: ModelHead | null) =>
  sliceTensors(config, { embedding: true, firstLayer: 0, endLayer: config.numHiddenLayers, head });

async function read(model: BertModel, head: ModelHead | null): Promise<Map<string, Float32Array>> {
  const weights = await openWeights(model.weights);
  const found = new Map<string, Float32Array>();
  for (const { name, shape } of whole(model.config, head)) found.set(name, await weights.tensor(name, shape));
  await weights.close();
  return found;
}

describe.skipIf(!shared.available)('the shared checkpoints', () => {
  it.each([
    ['BertModel', 'pooler', 2],
    ['BertForQuestionAnswering', 'question-answering', 2],
    ['BertForSequenceClassification', 'sequence-classification', 3],
    ['BertForTokenClassification', 'token-classification', 5],
    ['BertForMultipleChoice', 'multiple-choice', 2],
    ['BertForMaskedLM', 'masked-lm', 2],
    ['BertForPreTraining', 'pre-training', 2],
    ['BertForNextSentencePrediction', 'next-sentence-prediction', 2],
  ] as const)('%s has every tensor of its head and none besides', async (name, head, labels) => {
    const model = await openModel(shared.path(`bert/tiny-bert/${name}`));
    expect(model.head).toBe(head);
    expect(model.config).toMatchObject({
      hiddenSize: 64,
      numHiddenLayers: 4,
      vocabSize: 1113,
      numLabels: labels,
    });
    expect(await checkWeights(model, model.head)).toEqual([]);
    const encoder = await read(await openModel(shared.path('bert/tiny-bert/BertModel')), null);
    for (const [tensor, values] of await read(model, null))
      expect(values, tensor).toEqual(encoder.get(tensor));
  });

  it('old names give the same values', async () => {
    const old = await openModel(shared.path('bert/tiny-bert-legacy/BertModel'));
    const modern = await openModel(shared.path('bert/tiny-bert/BertModel'));
    expect(await checkWeights(old, 'pooler')).toEqual([]);
    expect(await read(old, 'pooler')).toEqual(await read(modern, 'pooler'));
  });

  it.each([
    ['fp16', 2 ** -11, 2 ** -24],
    ['bf16', 2 ** -8, 2 ** -133],
  ])('%s is the float32 model, rounded', async (kind, relative, absolute) => {
    const narrow = await openModel(shared.path(`bert/tiny-bert-${kind}`));
    const exact = await read(
      await openModel(shared.path('bert/tiny-bert/BertForQuestionAnswering')),
      narrow.head,
    );
    const source = await openWeights(narrow.weights);
    const own = await source.stored!('qa_outputs.bias', [2]);
    await source.close();
    expect([own.dtype, own.bytes.byteLength]).toEqual([kind === 'fp16' ? 'float16' : 'bfloat16', 4]);
    expect(await checkWeights(narrow, narrow.head)).toEqual([]);
    for (const [name, values] of await read(narrow, narrow.head)) {
      const reference = exact.get(name)!;
      const far = values.findIndex(
        (x, i) => !(Math.abs(x - reference[i]!) <= relative * Math.abs(reference[i]!) + absolute),
      );
      expect(far, name).toBe(-1);
      expect(values, name).not.toEqual(reference);
    }
  });

  it('a head that the file does not have is an error that lists it', async () => {
    const model = await openModel(shared.path('bert/tiny-bert/BertForPreTraining'));
    await expect(checkWeights(model, 'question-answering')).rejects.toThrow(
      /qa_outputs.weight \[2, 64\] is missing\s+tensor qa_outputs.bias \[2\] is missing\nIn their place it has .* and \d+ more\.$/,
    );
  });
});

interface Checksums {
  tensors: Record<string, Record<string, [number[], number]>>;
}

describe.skipIf(!shared.available)('the published generator', () => {
  it.each([
    [
      'base-2layer',
      { ...publishedConfig('base'), numHiddenLayers: 2 },
      ['pre-training', 'question-answering'],
    ],
    ['large-24layer', publishedConfig('large'), ['next-sentence-prediction', 'question-answering']],
  ] as const)(
    '%s: the tensors, their shapes and the sums of their values',
    async (name, config, heads) => {
      const file = await readFile(shared.path('bert/golden/generated/generator-vectors.json'), 'utf8');
      const published = (JSON.parse(file) as Checksums).tensors[name]!;
      const ours = new Map(
        heads.flatMap((head) => whole(config, head)).map((spec) => [spec.name, spec.shape]),
      );
      expect([...ours.keys()].sort()).toEqual(Object.keys(published).sort());
      const weights = new GeneratedWeights();
      for (const [tensor, [shape, sum]] of Object.entries(published)) {
        expect(ours.get(tensor), tensor).toEqual(shape);
        const values = await weights.tensor(tensor, shape);
        const { found, error } = sumOfBits(tensor, values);
        expect(Math.abs(found - sum), tensor).toBeLessThanOrEqual(error);
      }
    },
    180_000,
  );
});

/**
 * The sum of the 24-bit integers that the values were made from. Around 0 float32 keeps all of them; around 1
 * (LayerNorm weights) it rounds away up to two bits, in each value by up to 2.
 */
function sumOfBits(name: string, values: Float32Array): { found: number; error: number } {
  const norm = name.endsWith('LayerNorm.weight');
  const spread = norm ? 0.25 : SPREADS.find(([pattern]) => pattern.test(name))![1];
  let found = 0;
  for (let i = 0; i < values.length; i++) found += ((values[i]! - (norm ? 1 : 0)) / spread + 1) * 2 ** 23;
  return { found, error: norm ? 2 * values.length : 0 };
}

/** The published rule's `a`, where `c` is 0. */
const SPREADS: [RegExp, number][] = [
  [/\.bias$/, 2 ** -4],
  [/\.attention\.self\.(query|key)\./, 2 ** -3],
  [/\.attention\.output\.dense\./, 2 ** -6],
  [/\.output\.dense\./, 2 ** -5],
  [/./, 2 ** -4],
];
