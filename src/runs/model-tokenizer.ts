import { InputError } from '../../ipu-config/base/errors.js';
import type { BertModel, Note } from './model.js';
import { BertTokenizer } from '../tokenizer/bert-tokenizer.js';
import { loadTokenizer } from '../tokenizer/load/load-tokenizer.js';
import { syntheticVocabulary } from './synthetic-vocabulary.js';
import { Vocabulary } from '../tokenizer/base/vocabulary.js';

/** Models round their vocabulary up (30522 pieces to 30912 rows, say); more spare rows than this are no rounding. */
const mostSpareRows = (pieces: number): number => Math.max(64, pieces / 20);

/**
 * The tokenizer of a model: from its directory, or the synthetic one.
 * @param onNote told what upstream does in silence; `process.emitWarning` when absent
 * @throws InputError when there is none, or it does not fit the model's `vocab_size`
 */
export async function tokenizerOf(model: BertModel, onNote?: Note): Promise<BertTokenizer> {
  if (model.directory === undefined) return new BertTokenizer(new Vocabulary(syntheticVocabulary()));
  const tokenizer = await loadTokenizer(model.directory, onNote ? { onWarning: onNote } : {});
  checkVocabularySize(model, tokenizer.vocabulary.pieces.length);
  return tokenizer;
}

function checkVocabularySize({ name, config }: BertModel, pieces: number): void {
  const { vocabSize } = config;
  if (pieces <= vocabSize && vocabSize - pieces <= mostSpareRows(pieces)) return;
  throw new InputError(
    `the vocabulary of ${name} has ${pieces} pieces, but its model has ${vocabSize} rows for them (vocab_size): ` +
      'they do not belong together. Put the vocab.txt that the model was trained with beside it.',
  );
}
