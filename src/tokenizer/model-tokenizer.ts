import { InputError } from '../../ipu-config/errors.js';
import type { BertModel } from '../bert/model.js';
import { BertTokenizer } from './bert-tokenizer.js';
import { loadTokenizer } from './load-tokenizer.js';
import { syntheticVocabulary } from './synthetic-vocabulary.js';
import { Vocabulary } from './vocabulary.js';

/** Models round their vocabulary up to a multiple of something; more spare rows than this are no rounding. */
const MOST_SPARE_ROWS = 1024;

/**
 * The tokenizer of a model: from its directory, or the synthetic one.
 * @throws InputError when there is none, or it does not fit the model's `vocab_size`
 */
export async function tokenizerOf(model: BertModel): Promise<BertTokenizer> {
  if (model.directory === undefined) return new BertTokenizer(new Vocabulary(syntheticVocabulary()));
  const tokenizer = await loadTokenizer(model.directory);
  checkVocabularySize(model, tokenizer.vocabulary.pieces.length);
  return tokenizer;
}

function checkVocabularySize({ name, config }: BertModel, pieces: number): void {
  const { vocabSize } = config;
  if (pieces <= vocabSize && vocabSize - pieces <= MOST_SPARE_ROWS) return;
  throw new InputError(
    `the vocabulary of ${name} has ${pieces} pieces, but its model has ${vocabSize} rows for them (vocab_size): ` +
      'they do not belong together. Put the vocab.txt that the model was trained with beside it.',
  );
}
