import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { TokenizerFlavour } from '../base/tokenizer.js';
import { parseVocabulary, STANDARD_SPECIALS, Vocabulary } from '../base/vocabulary.js';
import { BertTokenizer } from '../bert-tokenizer.js';
import type { TokenizerFile } from '../json/tokenizer-json.js';
import { wordPieceOf, type ClassArguments } from '../json/word-piece-json.js';
import { readText } from '../tokenizer-files.js';
import { addedTokens, rowOptions, specialPieces, type Settings } from './settings.js';

/** An uncased vocabulary has no capitals but in its special pieces. */
const CASED_SHARE = 0.01;

export function wordPieceFromJson(file: TokenizerFile, settings: Settings): BertTokenizer {
  const { vocabulary, unknownPiece: unk, options } = wordPieceOf(file, classArguments(settings));
  const specials = specialPieces(settings, { ...STANDARD_SPECIALS, unk, ...file.specials });
  return new BertTokenizer(new Vocabulary(vocabulary, specials, file.path), {
    ...options,
    ...rowOptions(settings, file),
    addedTokens: addedTokens(settings, file.addedTokens),
  });
}

/** BERT's own classes overrule the file's normalizer; where no file names a class, only by what is written. */
function classArguments({ config, class: named }: Settings): ClassArguments {
  if (named && named.kind !== 'wordpiece') return {};
  const byDefault = named ? true : undefined;
  return {
    lowerCase: config.do_lower_case ?? byDefault,
    stripAccents: named ? (config.strip_accents ?? null) : config.strip_accents,
    splitIdeographs: config.tokenize_chinese_chars ?? byDefault,
  };
}

export async function wordPieceFromFiles(
  settings: Settings,
  flavour: TokenizerFlavour,
  onWarning: (message: string) => void,
): Promise<BertTokenizer> {
  const { config, configFile, directory } = settings;
  if (config.do_basic_tokenize === false && flavour === 'slow') {
    throw new InputError(
      `${configFile}: do_basic_tokenize is false, which the slow flavour does not have. The fast one, like upstream's, ` +
        'takes no notice of it.',
    );
  }
  const vocabFile = join(directory, 'vocab.txt');
  const pieces = parseVocabulary(await readText(vocabFile, 'the vocabulary '));
  if (!existsSync(configFile) && isCased(pieces)) {
    onWarning(
      `${directory} has no tokenizer_config.json, so texts are put into lower case, as transformers does; but vocab.txt ` +
        'is of a cased model. Put {"do_lower_case": false} into that file to keep capitals.',
    );
  }
  return new BertTokenizer(new Vocabulary(pieces, specialPieces(settings, STANDARD_SPECIALS), vocabFile), {
    ...{ flavour, ...rowOptions(settings) },
    lowerCase: config.do_lower_case ?? true,
    splitIdeographs: config.tokenize_chinese_chars ?? true,
    addedTokens: addedTokens(settings),
    neverSplit: config.never_split ?? [],
    ...(typeof config.strip_accents === 'boolean' ? { stripAccents: config.strip_accents } : {}),
  });
}

function isCased(pieces: readonly string[]): boolean {
  const plain = pieces.filter((piece) => !/^\[.*\]$/.test(piece));
  const capital = plain.filter((piece) => piece !== piece.toLowerCase());
  return capital.length > CASED_SHARE * plain.length;
}
