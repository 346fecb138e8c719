import { brief } from '../../ipu-config/base/json-text.js';
import { HEADS, type Head } from './model-shape.js';
import { OPTIMIZERS, type Optimizer } from './run-spec.js';

/** Other spellings of heads in files and model classes, in lower case without separators. */
const HEAD_ALIASES: Readonly<Record<string, Head>> = {
  qa: 'question-answering',
  squad: 'question-answering',
  pretrain: 'pretraining',
  bertforpretraining: 'pretraining',
  mlm: 'masked-lm',
  mlmnsp: 'pretraining',
  maskedlanguagemodel: 'masked-lm',
  maskedlanguagemodeling: 'masked-lm',
  lm: 'causal-lm',
  lmhead: 'causal-lm',
  clm: 'causal-lm',
  causallanguagemodel: 'causal-lm',
  causallanguagemodeling: 'causal-lm',
  languagemodel: 'causal-lm',
  languagemodeling: 'causal-lm',
  textgeneration: 'causal-lm',
  generation: 'causal-lm',
  classification: 'sequence-classification',
  textclassification: 'sequence-classification',
  ner: 'token-classification',
  nsp: 'next-sentence-prediction',
  nextsentence: 'next-sentence-prediction',
  embedding: 'none',
  encoder: 'none',
};

/** LARS keeps one moment, as momentum does. */
const OPTIMIZER_PATTERNS: readonly (readonly [RegExp, Optimizer['name']])[] = [
  [/lamb/, 'lamb'],
  [/adam/, 'adam'],
  [/lars|momentum/, 'momentum'],
  [/sgd/, 'sgd'],
];

/** What names that are in no table still tell. */
const HEAD_PATTERNS: readonly (readonly [RegExp, Head])[] = [
  [/pretrain/, 'pretraining'],
  [/mask|mlm/, 'masked-lm'],
  [/question|squad/, 'question-answering'],
  [/token|ner/, 'token-classification'],
  [/choice/, 'multiple-choice'],
  [/class|regression/, 'sequence-classification'],
  [/causal|language|generat|lm/, 'causal-lm'],
];

/** A head by its name, however it is spelt. `refuse` gets what is wrong with it. */
export function headByName(name: string, refuse: (text: string) => never): Head {
  const plain = normal(name);
  const known = HEADS.find((head) => normal(head) === plain) ?? HEAD_ALIASES[plain];
  const found = known ?? HEAD_PATTERNS.find(([pattern]) => pattern.test(plain))?.[1];
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
