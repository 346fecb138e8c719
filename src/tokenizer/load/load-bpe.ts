import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { TokenizerFlavour } from '../base/tokenizer.js';
import { ROBERTA_SPECIALS, Vocabulary } from '../base/vocabulary.js';
import { parseMerges } from '../bpe/merges.js';
import { BpeTokenizer } from '../bpe-tokenizer.js';
import { bpeOf, type BpeArguments } from '../json/bpe-json.js';
import type { TokenizerFile } from '../json/tokenizer-json.js';
import { pieceIds, readJson, readText } from '../tokenizer-files.js';
import { addedTokens, rowOptions, specialPieces, type Settings } from './settings.js';

export function bpeFromJson(file: TokenizerFile, settings: Settings): BpeTokenizer {
  const { vocabulary, merges, specials, options } = bpeOf(file, classArguments(settings));
  const pieces = specialPieces(settings, { ...ROBERTA_SPECIALS, ...specials, ...file.specials });
  return new BpeTokenizer(new Vocabulary(vocabulary, pieces, file.path), merges, {
    ...options,
    ...rowOptions(settings, file),
    addedTokens: addedTokens(settings, file.addedTokens),
  });
}

/** RoBERTa's own class overrules the file's steps; where no file names a class, only by what is written. */
function classArguments({ config, class: named }: Settings): BpeArguments {
  if (named && named.kind !== 'bpe') return {};
  return {
    addPrefixSpace: config.add_prefix_space ?? (named ? false : undefined),
    trimOffsets: config.trim_offsets ?? (named ? true : undefined),
  };
}

export async function bpeFromFiles(settings: Settings, flavour: TokenizerFlavour): Promise<BpeTokenizer> {
  const { config, directory } = settings;
  const [vocabFile, mergesFile] = [join(directory, 'vocab.json'), join(directory, 'merges.txt')];
  const absent = [vocabFile, mergesFile].filter((file) => !existsSync(file)).join(' and ');
  if (absent) throw new InputError(`byte-level BPE needs ${absent}, which is not there. Fetch it too.`);
  const vocabulary = new Map(Object.entries(await readJson(vocabFile, pieceIds)));
  const specials = specialPieces(settings, ROBERTA_SPECIALS);
  // A mask by its name alone takes the white space before it.
  const tokens = addedTokens(settings).map((token) =>
    token.content === specials.mask ? { lstrip: true, ...token } : token,
  );
  const merges = parseMerges(await readText(mergesFile, 'the merges '), mergesFile);
  return new BpeTokenizer(new Vocabulary(vocabulary, specials, vocabFile), merges, {
    ...{ flavour, ...rowOptions(settings), addedTokens: tokens },
    addPrefixSpace: config.add_prefix_space ?? false,
    trimOffsets: config.trim_offsets ?? true,
  });
}
