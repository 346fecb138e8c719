import { CheckpointError, InputError, IpuConfig, planStages } from 'ipu-pipeline';
import { memoryPerIpu, stageCosts } from 'ipu-pipeline/internals';
import { longestSequence, placeModel, programOf, readModelConfig, rowInputs } from 'ipu-pipeline/models';
import { configuredRun, headsFor, publishedModel, systemByName, type Head } from 'ipu-pipeline/simulator';
import { describe, expect, it } from 'vitest';

const read = (json: object) => readModelConfig('dir/config.json', JSON.stringify(json));

const ROBERTA = {
  ...{ model_type: 'roberta', architectures: ['RobertaForMaskedLM'], hidden_size: 12, num_hidden_layers: 2 },
  ...{ num_attention_heads: 3, intermediate_size: 20, vocab_size: 50, max_position_embeddings: 20 },
  ...{ type_vocab_size: 1, layer_norm_eps: 1e-5, pad_token_id: 1 },
};
const DISTILBERT = {
  ...{ model_type: 'distilbert', architectures: ['DistilBertModel'], dim: 12, n_layers: 2, n_heads: 3 },
  ...{ hidden_dim: 20, vocab_size: 50, max_position_embeddings: 20, activation: 'relu' },
};

/** The files of the published sizes. */
const PUBLISHED: Readonly<Record<string, object>> = {
  'bert-base': { model_type: 'bert' },
  'roberta-base': { model_type: 'roberta', max_position_embeddings: 514, type_vocab_size: 1 },
  'distilbert-base': { model_type: 'distilbert' },
};

describe('config.json of other families', () => {
  it("RoBERTa's has BERT's keys, and the padding's id, after which positions begin", () => {
    const { config, head } = read(ROBERTA);
    expect(head).toBe('masked-lm');
    expect(config).toMatchObject({
      modelType: 'roberta',
      typeVocabSize: 1,
      padTokenId: 1,
      layerNormEps: 1e-5,
    });
    expect(longestSequence(config)).toBe(18);
    const usual = read({ model_type: 'roberta' }).config;
    expect(usual).toMatchObject({ vocabSize: 50265, padTokenId: 1 });
    expect(longestSequence(read({ ...ROBERTA, pad_token_id: 3 }).config)).toBe(16);
  });

  it("DistilBERT's has keys of its own, and what its files do not say is fixed", () => {
    const { config, head } = read({ ...DISTILBERT, hidden_size: 999, layer_norm_eps: 1, type_vocab_size: 7 });
    expect(head).toBeNull();
    expect(config).toMatchObject({
      hiddenSize: 12,
      numHiddenLayers: 2,
      numAttentionHeads: 3,
      intermediateSize: 20,
    });
    expect(config).toMatchObject({ hiddenAct: 'relu', layerNormEps: 1e-12, typeVocabSize: 0 });
    expect(longestSequence(config)).toBe(20);
    expect(read({ model_type: 'distilbert' }).config.numHiddenLayers).toBe(6);
  });

  it.each([
    ['roberta', 'RobertaForQuestionAnswering', 'question-answering'],
    ['roberta', 'RobertaModel', 'pooler'],
    ['roberta', 'RobertaForCausalLM', null],
    ['xlm-roberta', 'XLMRobertaForSequenceClassification', 'sequence-classification'],
    ['camembert', 'CamembertForTokenClassification', 'token-classification'],
    ['distilbert', 'DistilBertForMultipleChoice', 'multiple-choice'],
    ['distilbert', 'DistilBertForPreTraining', null],
    ['distilbert', 'BertForQuestionAnswering', null],
  ])('%s %s has the head %s', (model_type, architecture, head) => {
    expect(read({ model_type, architectures: [architecture] }).head).toBe(head);
  });

  it('the class names the family of a file that has no model_type', () => {
    const types = ['RobertaForMaskedLM', 'DistilBertModel', 'BertModel'].map(
      (name) => read({ architectures: [name] }).config.modelType,
    );
    expect(types).toEqual(['roberta', 'distilbert', 'bert']);
  });

  it.each([
    [{ ...ROBERTA, pad_token_id: null }, /pad_token_id is null; it must be a whole number from 0 to 18/],
    [{ ...ROBERTA, pad_token_id: 19 }, /pad_token_id is 19; .* 0 to 18.*20 \(max_position_embeddings\)/],
    [{ ...ROBERTA, pad_token_id: '1' }, /pad_token_id is "1"/],
    [{ ...ROBERTA, pad_token_id: 0.5 }, /pad_token_id is 0.5/],
    [{ ...ROBERTA, position_embedding_type: 'relative_key' }, /position_embedding_type is "relative_key"/],
    [{ ...ROBERTA, is_decoder: true }, /is_decoder is true/],
    [{ ...ROBERTA, tie_word_embeddings: false }, /tie_word_embeddings is false/],
    [{ ...DISTILBERT, n_heads: 5 }, /dim 12 is no multiple of n_heads 5/],
    [{ ...DISTILBERT, dim: '12' }, /dim is "12"; it must be a whole number from 1/],
    [{ ...DISTILBERT, n_layers: 1e6 }, /n_layers is 1000000; it must be a whole number from 1 to 1000/],
    [{ ...DISTILBERT, activation: 'silu' }, /activation is "silu"; it can be/],
  ])('refuses %j', (json, message) => {
    expect(() => read(json)).toThrow(CheckpointError);
    expect(() => read(json)).toThrow(message);
  });
});

describe('costs on IPUs', () => {
  const run = (name: string, head: Head) =>
    configuredRun(new IpuConfig({ layers_per_ipu: [-1, -1], gradient_accumulation_steps: 8 }), {
      ...{ model: publishedModel(name, head)!, hardware: systemByName('pod16'), mode: 'training' },
      ...{ sequenceLength: 128, microBatch: 1 },
    }).run;

  it("weights of a stage are those of the family's program", () => {
    for (const name of ['bert-base', 'roberta-base', 'distilbert-base']) {
      for (const head of ['question-answering', 'sequence-classification'] as const) {
        const { config } = readModelConfig('c', JSON.stringify(PUBLISHED[name]));
        const placement = placeModel(new IpuConfig({ layers_per_ipu: [-1, -1] }), config, { head });
        const planned = planStages(config, placement).map(({ weightBytes }) => weightBytes / 2);
        expect(memoryPerIpu(run(name, head)).map(({ bytes }) => bytes.weights)).toEqual(planned);
      }
    }
  });

  it('a classifier of its own costs what its layer does', () => {
    const [pooled, own] = ['bert-base', 'distilbert-base'].map((name) => {
      const { stages, ...rest } = run(name, 'sequence-classification');
      return stageCosts({ ...rest, stages: [{ ...stages.at(-1)!, attention: 0, feedForward: 0 }] })[0]!;
    });
    expect(own!.flops).toBe(pooled!.flops);
    expect(own!.forwardNs).toBe(pooled!.forwardNs);
  });
});

describe('heads of a family', () => {
  const whole = { embedding: true, firstLayer: 0, endLayer: 2 } as const;

  it('that it does not have are refused by name, wherever they are asked for', () => {
    const { config } = read(DISTILBERT);
    const message = /distilbert models have no pooler; they have question-answering, .*masked-lm/;
    expect(() => programOf(config, { ...whole, head: 'pooler' })).toThrow(InputError);
    expect(() => programOf(config, { ...whole, head: 'pooler' })).toThrow(message);
    expect(() => placeModel(new IpuConfig(), config, { head: 'pooler' })).toThrow(message);
    const camembert = { ...read(ROBERTA).config, modelType: 'camembert' };
    expect(() => programOf(camembert, { ...whole, head: 'pre-training' })).toThrow(/no pre-training head/);
  });

  it('are those that the simulator offers', () => {
    expect(headsFor(publishedModel('distilbert-base')!)).not.toContain('pooler');
    expect(headsFor(publishedModel('roberta-large')!)).toContain('pooler');
    expect(headsFor(publishedModel('roberta-large')!)).not.toContain('pretraining');
    expect(headsFor(publishedModel('bert-base')!)).toContain('pretraining');
  });

  it('are on top of what the family takes of a row', () => {
    expect(rowInputs(read({}).config)).toEqual(['attention_mask', 'input_ids', 'token_type_ids']);
    expect(rowInputs(read(ROBERTA).config)).toEqual(['attention_mask', 'input_ids']);
    expect(rowInputs(read(DISTILBERT).config)).toEqual(['attention_mask', 'input_ids']);
  });
});
