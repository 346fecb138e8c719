import { HEADS, type Head } from './model-shape.js';
import type { Optimizer } from './run-spec.js';

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

const OPTIMIZER_ALIASES: Readonly<Record<string, Optimizer['name']>> = {
  lamb: 'lamb',
  lambnobias: 'lamb',
  adam: 'adam',
  adamw: 'adam',
  adamwnobias: 'adam',
  adamnobias: 'adam',
  sgd: 'sgd',
  momentum: 'momentum',
};

/** A head by its name, however it is spelt. `refuse` gets what is wrong with it. */
export function headByName(name: string, refuse: (text: string) => never): Head {
  const plain = normal(name);
  const found = HEADS.find((head) => normal(head) === plain) ?? HEAD_ALIASES[plain.replace(/head$/, '')];
  return found ?? HEAD_ALIASES[plain] ?? refuse(`is ${JSON.stringify(name)}; heads are ${HEADS.join(', ')}.`);
}

export function optimizerByName(name: string, refuse: (text: string) => never): Optimizer['name'] {
  const known = [...new Set(Object.values(OPTIMIZER_ALIASES))].join(', ');
  return OPTIMIZER_ALIASES[normal(name)] ?? refuse(`is ${JSON.stringify(name)}; optimizers are ${known}.`);
}

function normal(name: string): string {
  return name.toLowerCase().replace(/[^a-z0-9]/g, '');
}
