import { brief } from '../../ipu-config/base/json-text.js';
import { HEADS, type Head } from './model-shape.js';
import { OPTIMIZERS, type Optimizer } from './run-spec.js';

/** LARS keeps one moment, as momentum does. */
const OPTIMIZER_PATTERNS: readonly (readonly [RegExp, Optimizer['name']])[] = [
  [/lamb/, 'lamb'],
  [/adam/, 'adam'],
  [/lars|momentum/, 'momentum'],
  [/sgd/, 'sgd'],
];

/** What other names of heads in files and model classes tell, in lower case without separators; the first counts. */
const HEAD_PATTERNS: readonly (readonly [RegExp, Head])[] = [
  [/pretrain|^mlmnsp$/, 'pretraining'],
  [/mask|mlm/, 'masked-lm'],
  [/question|squad|^qa$/, 'question-answering'],
  [/generation$/, 'causal-lm'],
  [/token|ner/, 'token-classification'],
  [/choice/, 'multiple-choice'],
  [/^nsp$|^nextsentence$/, 'next-sentence-prediction'],
  [/class|regression/, 'sequence-classification'],
  [/causal|language|generat|lm/, 'causal-lm'],
  [/^(embedding|encoder)$/, 'none'],
];

/** One of `heads` in whatever way its words are joined: pretraining, pre-training, PreTraining. */
export function headSpelt<H extends string>(name: string, heads: readonly H[]): H | undefined {
  return heads.find((head) => normal(head) === normal(name));
}

/** A head by its name, however it is spelt. `refuse` gets what is wrong with it. */
export function headByName(name: string, refuse: (text: string) => never): Head {
  const plain = normal(name);
  const found = headSpelt(name, HEADS) ?? HEAD_PATTERNS.find(([pattern]) => pattern.test(plain))?.[1];
  return found ?? refuse(`is ${brief(name)}; heads are ${HEADS.join(', ')}.`);
}

export function optimizerByName(name: string, refuse: (text: string) => never): Optimizer['name'] {
  const plain = normal(name);
  const found = OPTIMIZER_PATTERNS.find(([pattern]) => pattern.test(plain))?.[1];
  return found ?? refuse(`is ${brief(name)}; optimizers are ${OPTIMIZERS.join(', ')}.`);
}

function normal(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
