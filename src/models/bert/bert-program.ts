import type { ProgramOptions } from '../family.js';
import type { ModelConfig, Slice } from '../model-config.js';
import { ProgramBuilder } from '../program-builder.js';
import type { Program, ProgramInput, ProgramOutput } from '../program.js';
import type { Dimension, Value } from '../steps.js';
import { bertAttention, bertEmbedding, bertFeedForward } from './bert-encoder.js';
import { BERT_HEADS } from './bert-heads.js';

const TOKENS = ['batch', 'sequence'] as const;

/** The program of a slice: ids or the hidden state in, the hidden state or the head's outputs out. */
export function bertProgram(config: ModelConfig, slice: Slice, options: ProgramOptions = {}): Program {
  const steps = new ProgramBuilder();
  const given: Value = { name: 'hidden_state', shape: [...TOKENS, config.hiddenSize] };
  let hidden = slice.embedding ? bertEmbedding(steps, config) : given;
  for (let layer = slice.firstLayer; layer < slice.endLayer; layer++) {
    hidden = bertFeedForward(steps, config, layer, bertAttention(steps, config, layer, hidden));
  }
  const ints = (name: string, below?: Dimension): ProgramInput => ({
    name,
    dtype: 'int32',
    shape: TOKENS,
    ...(below === undefined ? {} : { below }),
  });
  const mask = ints('attention_mask');
  const inputs = slice.embedding
    ? [ints('input_ids', config.vocabSize), ints('token_type_ids', config.typeVocabSize)]
    : [{ ...given, dtype: 'float32' } as const];
  const handedOn: ProgramOutput[] = [
    { name: given.name, dtype: 'float32', shape: given.shape, of: hidden.name },
    { ...mask, of: mask.name },
  ];
  const picked = options.picked
    ? [{ ...ints('picked_positions', 'sequence'), shape: ['batch', 'picked'] }]
    : [];
  return {
    inputs: [mask, ...inputs, ...picked],
    outputs: slice.head ? BERT_HEADS[slice.head].add(steps, config, hidden, options) : handedOn,
    steps: steps.steps,
    longestSequence: config.maxPositionEmbeddings,
  };
}
