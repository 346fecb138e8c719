import fc from 'fast-check';
import { IpuConfig, oneDevice, placeBert, planStages } from 'ipu-pipeline';
import type { ModelHead } from 'ipu-pipeline/models';
import { BERT_SIZES, headTensors, publishedConfig, sliceTensors } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';

const HEADS = [
  ...(['question-answering', 'sequence-classification', 'token-classification', 'multiple-choice'] as const),
  ...(['masked-lm', 'pre-training'] as const),
] satisfies ModelHead[];

describe('stages of a placement', () => {
  it('have every part of the model once, in order, whatever the split and the head', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat(5), { minLength: 1, maxLength: 6 }).filter((split) => split.some((n) => n > 0)),
        fc.constantFrom(...HEADS),
        (split, head) => {
          const layers = split.reduce((sum, n) => sum + n, 0);
          const config = { ...publishedConfig('tiny'), numHiddenLayers: layers };
          const placement = placeBert(new IpuConfig({ layers_per_ipu: split }), { layers, head });
          const stages = planStages(config, placement);
          expect(stages.map(({ slice }) => slice.embedding).indexOf(true)).toBe(0);
          expect(stages.filter(({ slice }) => slice.embedding)).toHaveLength(1);
          expect(stages.map(({ slice }) => slice.head).filter(Boolean)).toEqual([head]);
          expect(stages.at(-1)!.slice.head).toBe(head);
          const placed = stages.flatMap(({ ipu, slice: { firstLayer, endLayer } }) =>
            Array.from({ length: endLayer - firstLayer }, (_, i) => ({ layer: firstLayer + i, ipu })),
          );
          expect(placed).toEqual(placement.encoder.map((ipu, layer) => ({ layer, ipu })));
          const parameters = new Set(
            stages.flatMap(({ slice }) => sliceTensors(config, slice)).map((t) => t.name),
          );
          const whole = sliceTensors(config, oneDevice(config, head)[0]!.slice);
          expect([...parameters].sort()).toEqual(whole.map(({ name }) => name).sort());
          for (const [j, { ipu }] of stages.entries()) expect(ipu).not.toBe(stages[j - 1]?.ipu);
        },
      ),
      { numRuns: 100 },
    );
  });

  it('of BERT-large on four IPUs have names and sizes', () => {
    const placement = placeBert(new IpuConfig({ layers_per_ipu: [3, 7, 7, 7] }), {
      layers: 24,
      head: 'question-answering',
    });
    const stages = planStages(publishedConfig('large'), placement);
    expect(stages.map(({ ipu, name }) => [ipu, name])).toEqual([
      [0, 'embedding, layers 0–2'],
      [1, 'layers 3–9'],
      [2, 'layers 10–16'],
      [3, 'layers 17–23, question-answering head'],
    ]);
    const layer = 4 * (4 * (1024 * 1024 + 1024) + 2 * 4096 * 1024 + 4096 + 1024 + 4 * 1024);
    const embedding = 4 * (30522 * 1024 + 512 * 1024 + 2 * 1024 + 2 * 1024);
    expect(stages.map(({ weightBytes }) => weightBytes)).toEqual([
      embedding + 3 * layer,
      7 * layer,
      7 * layer,
      7 * layer + 4 * (2 * 1024 + 2),
    ]);
  });

  it('count a tied decoder once on one device and twice when it is apart', () => {
    const config = publishedConfig('tiny');
    const [whole] = oneDevice(config, 'masked-lm');
    const names = sliceTensors(config, whole!.slice).map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    expect(names.filter((name) => name.endsWith('word_embeddings.weight'))).toHaveLength(1);
    expect(headTensors(config, 'masked-lm').map(({ name }) => name)).toContain(
      'bert.embeddings.word_embeddings.weight',
    );
  });
});

describe('the published sizes', () => {
  it('have the published numbers of parameters', () => {
    const millions = BERT_SIZES.map((size) => {
      const config = publishedConfig(size);
      return Math.round(oneDevice(config, 'pooler')[0]!.weightBytes / 4 / 1e5) / 10;
    });
    // Encoder, embeddings and pooler, in millions.
    expect(millions).toEqual([4.4, 11.2, 28.8, 41.4, 109.5, 335.1]);
  });
});
