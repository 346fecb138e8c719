import type { BertHead } from '../../models/bert/bert-config.js';
import type { BertGraph } from './bert-graph.js';

type AddHead = (bert: BertGraph, hidden: string) => Promise<void>;

/** How each head continues from the last hidden state `[batch, sequence, hidden]`; outputs carry upstream's names. */
const HEADS: Record<BertHead, AddHead> = {
  'question-answering': async (bert, hidden) => {
    const logits = await bert.linear(hidden, 'qa_outputs');
    ['start_logits', 'end_logits'].forEach((name, at) => {
      const { graph } = bert;
      const range = [graph.int64s([at]), graph.int64s([at + 1]), graph.int64s([2])];
      const column = graph.node('Slice', [logits, ...range]);
      graph.output(graph.node('Squeeze', [column, graph.int64s([2])]), name, 'float32', [
        'batch',
        'sequence',
      ]);
    });
  },
  'sequence-classification': async (bert, hidden) => {
    const logits = await bert.linear(await pooled(bert, hidden), 'classifier');
    bert.graph.output(logits, 'logits', 'float32', ['batch', bert.config.numLabels]);
  },
  'token-classification': async (bert, hidden) => {
    const logits = await bert.linear(hidden, 'classifier');
    bert.graph.output(logits, 'logits', 'float32', ['batch', 'sequence', bert.config.numLabels]);
  },
  'multiple-choice': async (bert, hidden) => {
    const logits = await bert.linear(await pooled(bert, hidden), 'classifier');
    bert.graph.output(logits, 'logits', 'float32', ['batch', 1]);
  },
  'masked-lm': (bert, hidden) => predictions(bert, hidden, 'logits'),
  'pre-training': async (bert, hidden) => {
    await predictions(bert, hidden, 'prediction_logits');
    const logits = await bert.linear(await pooled(bert, hidden), 'cls.seq_relationship');
    bert.graph.output(logits, 'seq_relationship_logits', 'float32', ['batch', 2]);
  },
  'next-sentence-prediction': async (bert, hidden) => {
    const logits = await bert.linear(await pooled(bert, hidden), 'cls.seq_relationship');
    bert.graph.output(logits, 'logits', 'float32', ['batch', 2]);
  },
  pooler: async (bert, hidden) => {
    const { hiddenSize } = bert.config;
    bert.graph.output(hidden, 'last_hidden_state', 'float32', ['batch', 'sequence', hiddenSize]);
    bert.graph.output(await pooled(bert, hidden), 'pooler_output', 'float32', ['batch', hiddenSize]);
  },
};

export function addHead(bert: BertGraph, head: BertHead, hidden: string): Promise<void> {
  return HEADS[head](bert, hidden);
}

/** tanh of a linear layer over the first position. */
async function pooled(bert: BertGraph, hidden: string): Promise<string> {
  const { graph } = bert;
  const range = [graph.int64s([0]), graph.int64s([1]), graph.int64s([1])];
  const first = graph.node('Squeeze', [graph.node('Slice', [hidden, ...range]), graph.int64s([1])]);
  return graph.node('Tanh', [await bert.linear(first, 'bert.pooler.dense')]);
}

/** Masked-LM scores over the vocabulary; the decoder's weight is the word embedding, `[vocabulary, hidden]`. */
async function predictions(bert: BertGraph, hidden: string, output: string): Promise<void> {
  const { graph, config } = bert;
  const at = 'cls.predictions';
  const wide = await bert.activated(hidden, `${at}.transform.dense`);
  const transformed = await bert.layerNorm(wide, `${at}.transform.LayerNorm`);
  // The tied table may be read by an embedding of the same graph as well, so it is not stored a second time turned.
  const table = await bert.parameter('bert.embeddings.word_embeddings.weight');
  const product = graph.contrib('FusedMatMul', [transformed, table], { transB: { int: 1 } });
  const logits = graph.node('Add', [product, await bert.parameter(`${at}.bias`)]);
  graph.output(logits, output, 'float32', ['batch', 'sequence', config.vocabSize]);
}
