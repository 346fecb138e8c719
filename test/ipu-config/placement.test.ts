import fc from 'fast-check';
import { InputError, IpuConfig, placeBert } from 'ipu-pipeline';
import { layerIpus, loadPreset } from 'ipu-pipeline/config';
import { MODEL_HEADS, stageName, type Placement, type ModelHead } from 'ipu-pipeline/models';
import { expandLayersPerIpu, layerSplit, splitEncoderDecoder } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { thrown } from './thrown.js';
import { textsOf } from '../texts-of.js';

const place = (
  given: Record<string, unknown>,
  layers: number,
  head: ModelHead | null = 'question-answering',
): Placement => placeBert(new IpuConfig(given), { layers, head });

describe('layer placement', () => {
  const split = (given: Record<string, unknown>, layers: number | null): readonly number[] =>
    expandLayersPerIpu(layerSplit(new IpuConfig(given)), layers);

  it('shares layers out, the remainder to the last wildcard', () => {
    expect(split({ ipus_per_replica: 3 }, 11)).toEqual([3, 3, 5]);
    expect(split({ layers_per_ipu: [-1, -1, -1] }, 11)).toEqual([3, 3, 5]);
    expect(split({ layers_per_ipu: [-1, 4, -1, 0] }, 11)).toEqual([3, 4, 4, 0]);
    expect(split({ layers_per_ipu: [6, -1] }, 6)).toEqual([6, 0]);
    expect(split({ layers_per_ipu: [6, -1] }, null)).toEqual([6, -1]);
    expect(split({ layers_per_ipu: [9] }, 4)).toEqual([4]);
  });

  it('refuses a split that does not fit, by attribute and values', () => {
    expect(thrown(() => split({ layers_per_ipu: [2, 3] }, 6))).toBe(
      'IncompatibleIPUConfigError: layers_per_ipu does not define the correct number of layers for the current' +
        ' model. The current IPU Config specifies IPU assignments for 5 layers but there are 6 layers in the' +
        ' model. layers_per_ipu=[2, 3]',
    );
    expect(thrown(() => split({ layers_per_ipu: [2, -1], ipus_per_replica: 3 }, 6))).toContain(
      'layers_per_ipu=[2, -1], ipus_per_replica=3',
    );
    const inference = new IpuConfig({ inference_layers_per_ipu: [1, 1] }).eval();
    expect(thrown(() => layerIpus(layerSplit(inference), 3))).toContain('inference_layers_per_ipu=[1, 1]');
  });

  it('follows upstream where fixed entries exceed the model, and placeBert refuses that', () => {
    const config = new IpuConfig({ layers_per_ipu: [4, -1] });
    expect(layerIpus(layerSplit(config), 3)).toHaveLength(4);
    expect(thrown(() => placeBert(config, { layers: 3, head: null }))).toBe(
      'IncompatibleIPUConfigError: layers_per_ipu=[4, -1] puts 4 layers on IPUs before its wildcards get any,' +
        ' but the model has 3. Lower the fixed entries to 3 in all, or less.',
    );
  });
});

/** A configuration that fits `layers`, with and without wildcards, empty IPUs and single IPUs. */
const fitting = fc
  .record({
    counts: fc.array(fc.nat(6), { minLength: 1, maxLength: 8 }).filter((counts) => counts.some((n) => n > 0)),
    wild: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    even: fc.boolean(),
  })
  .map(({ counts, wild, even }) => ({
    layers: counts.reduce((sum, n) => sum + n, 0),
    given: even
      ? { ipus_per_replica: counts.length }
      : { layers_per_ipu: counts.map((n, ipu) => (wild[ipu] ? -1 : n)) },
  }));
const heads = fc.constantFrom<ModelHead | null>(null, ...MODEL_HEADS);

describe('placing BERT', () => {
  it('places every layer once, in order, in neighbouring stages on different IPUs', () => {
    fc.assert(
      fc.property(fitting, heads, ({ layers, given }, head) => {
        const { encoder, stages, ipus } = place(given, layers, head);
        expect(encoder).toHaveLength(layers);
        expect([...encoder].sort((a, b) => a - b)).toEqual(encoder);
        expect(encoder.every((ipu) => ipu >= 0 && ipu < ipus)).toBe(true);
        const held = stages.flatMap(({ ipu, layers: [first, end] }) =>
          Array.from({ length: end - first }, (_, i) => ({ layer: first + i, ipu })),
        );
        expect(held).toEqual(encoder.map((ipu, layer) => ({ layer, ipu })));
        expect(stages.map(({ stage }) => stage)).toEqual(stages.map((_, j) => j));
        expect(stages.every(({ ipu }, j) => ipu !== stages[j - 1]?.ipu)).toBe(true);
        expect(stages.filter(({ embedding }) => embedding).map(({ stage, ipu }) => [stage, ipu])).toEqual([
          [0, 0],
        ]);
        const withHead = stages.filter((stage) => stage.head !== null);
        expect(withHead.map(({ stage }) => stage)).toEqual(head === null ? [] : [stages.length - 1]);
      }),
    );
  });

  it('refuses every split that cannot hold the layers exactly', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -1, max: 5 }), { minLength: 2, maxLength: 5 }),
        fc.integer({ min: 1, max: 30 }),
        (counts, layers) => {
          const fixed = counts.reduce((sum, n) => sum + Math.max(0, n), 0);
          const fits = counts.includes(-1) ? fixed <= layers : fixed === layers;
          const error = thrown(() => place({ layers_per_ipu: counts }, layers));
          expect(error === 'nothing', `${String(counts)} for ${layers}`).toBe(fits);
        },
      ),
    );
  });

  const outline = (given: Record<string, unknown>, layers: number, head: ModelHead | null): string[] =>
    place(given, layers, head).stages.map((stage) => `${stage.ipu}: ${stageName(stage)}`);

  it('puts task heads on the last IPU and what shares the embedding back on IPU 0', () => {
    expect(outline({ layers_per_ipu: [1, 2] }, 3, 'question-answering')).toEqual([
      '0: Embedding, layer 0',
      '1: Layers 1–2, question-answering',
    ]);
    expect(outline({ layers_per_ipu: [0, 2, 1] }, 3, 'masked-lm')).toEqual([
      '0: Embedding',
      '1: Layers 0–1',
      '2: Layer 2',
      '0: Masked-lm',
    ]);
    expect(outline({ layers_per_ipu: [2, 0] }, 2, 'sequence-classification')).toEqual([
      '0: Embedding, layers 0–1, pooler',
      '1: Sequence-classification',
    ]);
    expect(outline({ layers_per_ipu: [1, 1] }, 2, 'pre-training').at(-1)).toBe('0: Pooler, pre-training');
    expect(outline({ layers_per_ipu: [1, 1] }, 2, 'pooler').at(-1)).toBe('0: Pooler');
    expect(outline({ layers_per_ipu: [1, 1] }, 2, null)).toHaveLength(2);
    expect(outline({}, 2, 'pre-training')).toEqual(['0: Embedding, layers 0–1, pooler, pre-training']);
  });

  it('makes no stage of an empty IPU, and says so', () => {
    const { stages, ipus, warnings } = place(
      { layers_per_ipu: [2, 0, 0, 2], inference_device_iterations: 9 },
      4,
    );
    expect(stages.map(({ ipu }) => ipu)).toEqual([0, 3]);
    expect(ipus).toBe(4);
    expect(warnings[0]).toEqual({
      code: 'idle-ipus',
      text: 'Nothing is placed on IPU 1, 2: an empty IPU makes no stage.',
    });
  });

  it('uses the attributes of the mode, and leaves the configuration as it was', () => {
    const config = new IpuConfig({
      layers_per_ipu: [2, 2],
      inference_layers_per_ipu: [4],
      replication_factor: 2,
      inference_replication_factor: 3,
    });
    const training = placeBert(config, { layers: 4, head: null });
    const inference = placeBert(config, { layers: 4, head: null, mode: 'inference' });
    expect([training.ipus, training.replicas, training.trainingStages]).toEqual([2, 2, 3]);
    expect([inference.ipus, inference.replicas, inference.trainingStages]).toEqual([1, 3, 1]);
    expect(config.mode).toBe('training');
  });

  it('warns where PopTorch would refuse or reserve more', () => {
    const shallow = place({ layers_per_ipu: [1, 1, 1], gradient_accumulation_steps: 4 }, 3).warnings;
    expect(textsOf(shallow).join('\n')).toMatch(/reserves IPUs in powers of two: 4 for these 3/);
    expect(textsOf(shallow).join('\n')).toMatch(/gradient_accumulation_steps=4 does not fill.* at least 5/);
    expect(place({ layers_per_ipu: [7] }, 3).warnings[0]!.text).toContain('layers_per_ipu=[7] is ignored');
    expect(place({ replication_factor: 65 }, 3).warnings[0]!.text).toContain('at most 64');
    const large = loadPreset('bert-large-ipu').config.eval();
    expect(placeBert(large, { layers: 24, head: 'masked-lm' }).warnings).toEqual([]);
  });

  it('refuses a number of layers that is none', () => {
    for (const layers of [0, -1, 1.5, Number.NaN]) expect(() => place({}, layers)).toThrow(InputError);
  });
});

describe('splitting encoder and decoder', () => {
  const cut = (
    given: Record<string, unknown>,
    encoder: number,
    decoder: number,
  ): readonly (readonly number[])[] => {
    const halves = splitEncoderDecoder(new IpuConfig(given), encoder, decoder);
    return [halves.encoder.get('layers_per_ipu'), halves.decoder.get('layers_per_ipu')];
  };

  it('takes the largest power of two of IPUs that ends with the encoder', () => {
    expect(cut({ layers_per_ipu: [2, 0, 3, 1] }, 2, 4)).toEqual([
      [2, 0],
      [3, 1],
    ]);
    expect(cut({ layers_per_ipu: [-1, -1] }, 3, 3)).toEqual([[3], [3]]);
    const halves = splitEncoderDecoder(
      new IpuConfig({ layers_per_ipu: [2, 3], matmul_proportion: [0.5, 0.6] }),
      2,
      3,
    );
    expect(halves.decoder.get('matmul_proportion')).toEqual([0.6]);
    expect(halves.decoder.get('ipus_per_replica')).toBe(1);
  });

  it('refuses what cannot be cut', () => {
    expect(thrown(() => cut({ layers_per_ipu: [5] }, 2, 3))).toContain(
      'Need ipus_per_replica to be at least 2',
    );
    expect(thrown(() => cut({ layers_per_ipu: [1, 4] }, 2, 3))).toContain('Unable to find a valid split');
    const splits = { layers_per_ipu: [1, 1, 1, 1], serialized_embedding_splits_per_ipu: [0, 1, 1, 0] };
    expect(thrown(() => cut(splits, 2, 2))).toBe(
      'ValueError: The `SerializedEmbedding` must have all splits placed on the encoder, but' +
        ' serialized_embedding_splits_per_ipu=[0, 1, 1, 0] results in [1, 0] being placed on the decoder',
    );
  });
});
