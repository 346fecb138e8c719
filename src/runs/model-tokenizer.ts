import { InputError } from '../../ipu-config/base/errors.js';
import { brief } from '../../ipu-config/base/json-text.js';
import type { BertModel, Note } from './model.js';
import type { Tokenizer } from '../tokenizer/base/tokenizer.js';
import { BertTokenizer } from '../tokenizer/bert-tokenizer.js';
import { BpeTokenizer } from '../tokenizer/bpe-tokenizer.js';
import { loadTokenizer } from '../tokenizer/load/load-tokenizer.js';
import { kindOfType } from '../tokenizer/tokenizer-class.js';
import { syntheticBytePairs, syntheticVocabulary } from './synthetic-vocabulary.js';
import { ROBERTA_SPECIALS, Vocabulary } from '../tokenizer/base/vocabulary.js';

/** Models round their vocabulary up (30522 pieces to 30912 rows, say); more spare rows than this are no rounding. */
const mostSpareRows = (pieces: number): number => Math.max(64, pieces / 20);

/**
 * The tokenizer of a model: from its directory, or the synthetic one.
 * @param onNote told what upstream does in silence; `process.emitWarning` when absent
 * @throws InputError when there is none, or it does not fit the model's `vocab_size`
 */
export async function tokenizerOf(model: BertModel, onNote?: Note): Promise<Tokenizer> {
  if (model.directory === undefined) return syntheticTokenizer(model.config.modelType);
  const tokenizer = await loadTokenizer(model.directory, onNote ? { onWarning: onNote } : {});
  checkVocabularySize(model, tokenizer.vocabulary.pieces);
  return tokenizer;
}

function syntheticTokenizer(modelType: string): Tokenizer {
  if (kindOfType(modelType) === 'wordpiece') return new BertTokenizer(new Vocabulary(syntheticVocabulary()));
  const { pieces, merges } = syntheticBytePairs();
  return new BpeTokenizer(new Vocabulary(pieces, ROBERTA_SPECIALS), {
    ...{ pairs: merges, nameOf: (at) => `merge ${at}` },
  });
}

function checkVocabularySize({ name, config }: BertModel, pieces: readonly string[]): void {
  const { vocabSize } = config;
  const spare = vocabSize - pieces.length;
  if (spare >= 0 && spare <= mostSpareRows(pieces.length)) return;
  const beyond = pieces.slice(vocabSize, vocabSize + 5).map((piece) => brief(piece));
  const which = beyond.length > 0 ? ` (none for ${beyond.join(', ')}${spare < -5 ? ', …' : ''})` : '';
  throw new InputError(
    `the vocabulary of ${name} has ${pieces.length} pieces, but its model has ${vocabSize} rows for them (vocab_size)` +
      `${which}: they do not belong together. Put the tokenizer's files beside it that the model was trained with.`,
  );
}
