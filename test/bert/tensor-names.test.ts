import { CheckpointError, openModel, type BertModel } from 'ipu-pipeline';
import { sliceTensors } from 'ipu-pipeline/internals';
import { checkWeights, openWeights } from 'ipu-pipeline/tasks';
import { describe, expect, it } from 'vitest';
import { scratch } from '../checkpoint/written-files.js';
import { smallConfig, smallTensors, writeModel } from './written-model.js';

const files = scratch('names');

async function refusal(model: BertModel): Promise<string> {
  const error: unknown = await checkWeights(model, model.head).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(CheckpointError);
  return (error as Error).message;
}

/** All values of a model, by upstream's names. */
async function values(model: BertModel): Promise<Record<string, Float32Array>> {
  const weights = await openWeights(structuredClone(model.weights));
  const { numHiddenLayers: endLayer } = model.config;
  const whole = { embedding: true, firstLayer: 0, endLayer, head: model.head };
  const found: Record<string, Float32Array> = {};
  for (const { name, shape } of sliceTensors(model.config, whole))
    found[name] = await weights.tensor(name, shape);
  await weights.close();
  return found;
}

describe('tensors under other names', () => {
  it('shows what the file has in place of what is missing', async () => {
    const tensors = await smallTensors('question-answering');
    const strange = Object.fromEntries(
      Object.entries(tensors).map(([name, t]) => [name.replace('attention.self', 'attn'), t]),
    );
    const model = await openModel(await writeModel(files.path('strange'), strange));
    const message = await refusal(model);
    expect(message).toMatch(
      /In their place it has bert\.encoder\.layer\.0\.attn\.\w+\.\w+ \[8.*and \d+ more\.$/,
    );
  });

  it.each(['module.', '_orig_mod.', 'model.', '0.auto_model.', 'module.model.'])(
    'takes %s off the names where the whole encoder has it, with a note',
    async (wrapper) => {
      const tensors = await smallTensors('question-answering');
      const wrap = (keep: (name: string) => boolean, to: (name: string) => string) =>
        Object.fromEntries(Object.entries(tensors).map(([name, t]) => [keep(name) ? name : to(name), t]));
      const bare = (name: string): string => `${wrapper}${name.replace(/^bert\./, '')}`;
      const forms = {
        all: wrap(
          () => false,
          (name) => `${wrapper}${name}`,
        ),
        encoder: wrap((name) => name.startsWith('qa_'), bare),
      };
      for (const [what, stored] of Object.entries(forms)) {
        const model = await openModel(await writeModel(files.path(`${wrapper}${what}`), stored));
        const notes: string[] = [];
        expect(await checkWeights(model, model.head, (note) => notes.push(note))).toEqual([]);
        expect(notes).toEqual([expect.stringContaining(`read without "${wrapper}"`)]);
        for (const [name, found] of Object.entries(await values(model))) {
          expect(Buffer.from(found.buffer), name).toEqual(Buffer.from(tensors[name]!.bytes));
        }
      }
    },
  );

  it('takes nothing off where two encoders stand beside each other', async () => {
    const tensors = await smallTensors('question-answering');
    const two = Object.fromEntries(
      ['query.', 'passage.'].flatMap((prefix) =>
        Object.entries(tensors).map(([name, t]) => [`${prefix}${name}`, t]),
      ),
    );
    const model = await openModel(await writeModel(files.path('two'), two));
    const message = await refusal(model);
    expect(message).toMatch(/In their place it has passage\.|In their place it has query\./);
  });

  it.each([
    [
      {},
      /weights have 3 labels \(classifier\.bias\), but config\.json gives 2: id2label counts, then num_labels/,
    ],
    [{ id2label: { 0: 'a' } }, /but config\.json gives 1.*Give it an id2label with 3 labels/],
  ])('speaks of labels in the words of config.json: %j', async (labels, message) => {
    const json = { ...smallConfig, architectures: ['BertForTokenClassification'] };
    const three = await smallTensors('token-classification', { ...json, num_labels: 3 });
    const model = await openModel(await writeModel(files.path('labels'), three, { ...json, ...labels }));
    expect(await refusal(model)).toMatch(message);
  });
});
