import { CheckpointError } from 'ipu-pipeline';
import { readModelConfig, type ReadConfig } from 'ipu-pipeline/models';
import { describe, expect, it } from 'vitest';

const small = {
  architectures: ['BertForTokenClassification'],
  model_type: 'bert',
  hidden_size: 12,
  num_hidden_layers: 3,
  num_attention_heads: 4,
  intermediate_size: 20,
  vocab_size: 50,
  max_position_embeddings: 16,
  type_vocab_size: 3,
  layer_norm_eps: 1e-7,
  hidden_act: 'relu',
};
const read = (json: unknown): ReadConfig => readModelConfig('dir/config.json', JSON.stringify(json));

function refusal(text: string): string {
  try {
    readModelConfig('dir/config.json', text);
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).message).toContain('dir/config.json');
    return (error as Error).message;
  }
  throw new Error('it was accepted');
}

describe('config.json', () => {
  it('gives every size under our name', () => {
    expect(read(small)).toEqual({
      head: 'token-classification',
      config: {
        modelType: 'bert',
        hiddenSize: 12,
        numHiddenLayers: 3,
        numAttentionHeads: 4,
        intermediateSize: 20,
        vocabSize: 50,
        maxPositionEmbeddings: 16,
        typeVocabSize: 3,
        layerNormEps: 1e-7,
        hiddenAct: 'relu',
        numLabels: 2,
        id2label: { 0: 'LABEL_0', 1: 'LABEL_1' },
      },
    });
  });

  it("has transformers' defaults for what it lacks", () => {
    const { config, head } = read({});
    expect(head).toBeNull();
    expect(config).toMatchObject({
      hiddenSize: 768,
      numHiddenLayers: 12,
      numAttentionHeads: 12,
      vocabSize: 30522,
    });
    expect(config).toMatchObject({ intermediateSize: 3072, maxPositionEmbeddings: 512, typeVocabSize: 2 });
    expect(config).toMatchObject({ layerNormEps: 1e-12, hiddenAct: 'gelu', numLabels: 2 });
  });

  it.each([
    ['id2label counts', { id2label: { 0: 'a', 1: 'b', 2: 'c' }, num_labels: 5 }, { 0: 'a', 1: 'b', 2: 'c' }],
    ['num_labels without it', { num_labels: 1 }, { 0: 'LABEL_0' }],
    ['null is as absent', { id2label: null, num_labels: null }, { 0: 'LABEL_0', 1: 'LABEL_1' }],
    ['numbers as names', { id2label: { 1: 1, 0: 0 } }, { 0: '0', 1: '1' }],
  ])('labels: %s', (_what, more, id2label) => {
    const { config } = read({ ...small, ...more });
    expect(config.id2label).toEqual(id2label);
    expect(config.numLabels).toBe(Object.keys(id2label).length);
  });

  it.each([
    ['gelu', 'gelu'],
    ['gelu_python', 'gelu'],
    ['gelu_new', 'gelu_new'],
    ['gelu_fast', 'gelu_new'],
    ['gelu_pytorch_tanh', 'gelu_new'],
    ['relu', 'relu'],
  ])('hidden_act %s is %s', (name, ours) => {
    expect(read({ ...small, hidden_act: name }).config.hiddenAct).toBe(ours);
  });

  it.each([
    ['BertModel', 'pooler'],
    ['BertForQuestionAnswering', 'question-answering'],
    ['BertForSequenceClassification', 'sequence-classification'],
    ['BertForTokenClassification', 'token-classification'],
    ['BertForMultipleChoice', 'multiple-choice'],
    ['BertForMaskedLM', 'masked-lm'],
    ['BertForPreTraining', 'pre-training'],
    ['BertForNextSentencePrediction', 'next-sentence-prediction'],
    ['BertLMHeadModel', null],
  ])('%s has the head %s', (architecture, head) => {
    expect(read({ ...small, architectures: [architecture] }).head).toBe(head);
    const described = { ...small, model_type: 'bert', architectures: [`HF_${architecture}`] };
    expect(read(described).head).toBeNull();
  });

  it('reads past a byte order mark and keys that do not matter', () => {
    const more = { ...small, is_decoder: false, pruned_heads: {}, torch_dtype: 'float16', use_cache: true };
    const { config } = readModelConfig('c', `\ufeff${JSON.stringify(more)}`);
    expect(config.hiddenSize).toBe(12);
  });

  it.each([
    [{ model_type: 'gpt2' }, /model_type is "gpt2"; this program runs "bert", "roberta", .* models/],
    [{ model_type: 3 }, /model_type is 3; this program runs "bert", /],
    [
      { model_type: undefined, architectures: ['GPT2Model'] },
      /architectures names "GPT2Model", and there is no model_type/,
    ],
    [{ architectures: 'BertModel' }, /architectures is "BertModel"; it must be a list/],
    [{ hidden_size: '12' }, /hidden_size is "12"; it must be a whole number from 1/],
    [{ hidden_size: 0 }, /hidden_size is 0; it must be/],
    [{ hidden_size: 12.5 }, /hidden_size is 12.5; it must be/],
    [{ hidden_size: null }, /hidden_size is null; it must be/],
    [{ hidden_size: 1e300 }, /hidden_size is 1e\+300/],
    [{ num_hidden_layers: -1 }, /num_hidden_layers is -1; it must be a whole number from 1 to 1000/],
    [{ num_hidden_layers: 1e6 }, /num_hidden_layers is 1000000; it must be/],
    [{ num_attention_heads: 5 }, /hidden_size 12 is no multiple of num_attention_heads 5/],
    [{ layer_norm_eps: -1 }, /layer_norm_eps is -1; it must be a number from 0/],
    [{ hidden_act: 'silu' }, /hidden_act is "silu"; it can be gelu, .*relu/],
    [{ hidden_act: 'constructor' }, /hidden_act is "constructor"; it can be/],
    [{ hidden_act: 7 }, /hidden_act is 7; it must be/],
    [
      { position_embedding_type: 'relative_key' },
      /position_embedding_type is "relative_key"; only "absolute"/,
    ],
    [{ is_decoder: true }, /is_decoder is true/],
    [{ add_cross_attention: true }, /add_cross_attention is true/],
    [{ pruned_heads: { 1: [0] } }, /pruned_heads is \{"1":\[0\]\}/],
    [{ quantization_config: { bits: 8 } }, /quantization_config is set/],
    [{ id2label: { a: 'x' } }, /id2label has the keys \["a"\]; they must be 0/],
    [{ id2label: { 0: 'x', 2: 'y' } }, /id2label has the keys \["0","2"\]; they must be 0 … 1/],
    [{ id2label: { 0: 'x', '00': 'y' } }, /id2label has the keys/],
    [{ id2label: {} }, /id2label has the keys \[\]/],
    [{ id2label: ['x'] }, /id2label is \["x"\]; it must be an object/],
    [{ architectures: ['BertForMaskedLM'], tie_word_embeddings: false }, /tie_word_embeddings is false/],
  ])('refuses %j', (more, message) => {
    expect(refusal(JSON.stringify({ ...small, ...more }))).toMatch(message);
  });

  it('refuses text that is no JSON object, with line and column', () => {
    expect(refusal('{\n  "hidden_size": 12,\n}')).toMatch(/not valid JSON.*line 3/);
    expect(refusal('')).toMatch(/not valid JSON/);
    expect(refusal('[]')).toMatch(/is \[\]; it must be a JSON object/);
    expect(refusal('null')).toMatch(/is null; it must be a JSON object/);
    expect(refusal('{"vocab_size": 1, "vocab_size": 2}')).toMatch(/"vocab_size" twice/);
  });
});
