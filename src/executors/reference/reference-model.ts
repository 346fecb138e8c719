import type { Tensor } from '../../../ipu-config/base/tensor.js';
import type { BertConfig, BertHead } from '../../models/bert/bert-config.js';
import { activation } from './activation.js';
import { attention } from './attention.js';
import { add, layerNorm, linear, map, matrix, rounded, type Matrix } from './matrix.js';

export interface ReferenceInput {
  readonly batch: number;
  readonly sequence: number;
  /** `[batch, sequence]`. */
  readonly mask: Int32Array;
}

/** BERT as upstream's eager code writes it, over matrices of `[batch · sequence, hidden]`. */
export class ReferenceModel {
  readonly #config: BertConfig;
  readonly #tensors: ReadonlyMap<string, Float32Array>;
  readonly #input: ReferenceInput;

  constructor(config: BertConfig, tensors: ReadonlyMap<string, Float32Array>, input: ReferenceInput) {
    this.#config = config;
    this.#tensors = tensors;
    this.#input = input;
  }

  load(hidden: Float32Array | Int32Array): Matrix {
    const { hiddenSize } = this.#config;
    return matrix(hidden.length / hiddenSize, hiddenSize, Float64Array.from(hidden));
  }

  embed(ids: Float32Array | Int32Array, types: Float32Array | Int32Array): Matrix {
    const { hiddenSize } = this.#config;
    const at = 'bert.embeddings';
    const words = this.#get(`${at}.word_embeddings.weight`);
    const segments = this.#get(`${at}.token_type_embeddings.weight`);
    const positions = this.#get(`${at}.position_embeddings.weight`);
    const sum = matrix(ids.length, hiddenSize);
    for (let row = 0; row < ids.length; row++) {
      const word = ids[row]! * hiddenSize;
      const segment = types[row]! * hiddenSize;
      const position = (row % this.#input.sequence) * hiddenSize;
      for (let c = 0; c < hiddenSize; c++) {
        sum.data[row * hiddenSize + c] = words[word + c]! + segments[segment + c]! + positions[position + c]!;
      }
    }
    return this.#handOn(this.#norm(sum, `${at}.LayerNorm`));
  }

  layer(layer: number, hidden: Matrix): Matrix {
    const at = `bert.encoder.layer.${layer}`;
    const [query, key, value] = ['query', 'key', 'value'].map((part) =>
      this.#linear(hidden, `${at}.attention.self.${part}`),
    ) as [Matrix, Matrix, Matrix];
    const shape = { ...this.#input, heads: this.#config.numAttentionHeads };
    const context = attention({ query, key, value }, this.#input.mask, shape);
    const attended = this.#norm(
      add(this.#linear(context, `${at}.attention.output.dense`), hidden),
      `${at}.attention.output.LayerNorm`,
    );
    const wide = map(this.#linear(attended, `${at}.intermediate.dense`), activation(this.#config.hiddenAct));
    const narrow = add(this.#linear(wide, `${at}.output.dense`), attended);
    return this.#handOn(this.#norm(narrow, `${at}.output.LayerNorm`));
  }

  head(head: BertHead, hidden: Matrix): Tensor[] {
    return this.#heads[head](hidden);
  }

  tensor(name: string, shape: readonly number[], values: Matrix): Tensor {
    return { name, dtype: 'float32', shape, data: rounded(values) };
  }

  readonly #heads: Record<BertHead, (hidden: Matrix) => Tensor[]> = {
    'question-answering': (hidden) => {
      const logits = this.#linear(hidden, 'qa_outputs');
      const { batch, sequence } = this.#input;
      return ['start_logits', 'end_logits'].map((name, column) => {
        const values = logits.data.filter((_, at) => at % 2 === column);
        return this.tensor(name, [batch, sequence], matrix(batch, sequence, values));
      });
    },
    'sequence-classification': (hidden) => this.#classify(hidden, 'classifier', this.#config.numLabels),
    'multiple-choice': (hidden) => this.#classify(hidden, 'classifier', 1),
    'next-sentence-prediction': (hidden) => this.#classify(hidden, 'cls.seq_relationship', 2),
    'token-classification': (hidden) => {
      const { batch, sequence } = this.#input;
      const shape = [batch, sequence, this.#config.numLabels];
      return [this.tensor('logits', shape, this.#linear(hidden, 'classifier'))];
    },
    'masked-lm': (hidden) => [this.#predictions(hidden, 'logits')],
    'pre-training': (hidden) => [
      this.#predictions(hidden, 'prediction_logits'),
      ...this.#classify(hidden, 'cls.seq_relationship', 2).map((logits) => ({
        ...logits,
        name: 'seq_relationship_logits',
      })),
    ],
    pooler: (hidden) => {
      const { batch, sequence } = this.#input;
      return [
        this.tensor('last_hidden_state', [batch, sequence, hidden.columns], hidden),
        this.tensor('pooler_output', [batch, hidden.columns], this.#pooled(hidden)),
      ];
    },
  };

  #classify(hidden: Matrix, name: string, labels: number): Tensor[] {
    return [this.tensor('logits', [this.#input.batch, labels], this.#linear(this.#pooled(hidden), name))];
  }

  #pooled(hidden: Matrix): Matrix {
    const { batch, sequence } = this.#input;
    const first = matrix(batch, hidden.columns);
    for (let b = 0; b < batch; b++) {
      const from = b * sequence * hidden.columns;
      first.data.set(hidden.data.subarray(from, from + hidden.columns), b * hidden.columns);
    }
    return map(this.#linear(first, 'bert.pooler.dense'), Math.tanh);
  }

  #predictions(hidden: Matrix, name: string): Tensor {
    const at = 'cls.predictions';
    const { batch, sequence } = this.#input;
    const wide = map(this.#linear(hidden, `${at}.transform.dense`), activation(this.#config.hiddenAct));
    const transformed = this.#norm(wide, `${at}.transform.LayerNorm`);
    const table = this.#get('bert.embeddings.word_embeddings.weight');
    const logits = linear(transformed, table, this.#get(`${at}.bias`));
    return this.tensor(name, [batch, sequence, this.#config.vocabSize], logits);
  }

  #linear(x: Matrix, name: string): Matrix {
    return linear(x, this.#get(`${name}.weight`), this.#get(`${name}.bias`));
  }

  #norm(x: Matrix, name: string): Matrix {
    return layerNorm(x, this.#get(`${name}.weight`), this.#get(`${name}.bias`), this.#config.layerNormEps);
  }

  /** Rounds to float32 between layers, as a stage boundary does: cutting a model changes no bit. */
  #handOn(x: Matrix): Matrix {
    return matrix(x.rows, x.columns, Float64Array.from(rounded(x)));
  }

  #get(name: string): Float32Array {
    return this.#tensors.get(name)!;
  }
}
