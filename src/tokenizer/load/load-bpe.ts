import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { InputError } from '../../../ipu-config/base/errors.js';
import { distinct, numberTokens, type AddedToken } from '../base/added-tokens.js';
import type { TokenizerFlavour } from '../base/tokenizer.js';
import { Vocabulary, type SpecialPieces } from '../base/vocabulary.js';
import { parseMerges } from '../bpe/merges.js';
import { BpeTokenizer, ROBERTA_SPECIALS } from '../bpe-tokenizer.js';
import { bpeOf, type BpeArguments } from '../json/bpe-json.js';
import type { TokenizerFile } from '../json/tokenizer-json.js';
import { pieceIds, readJson, readText } from '../tokenizer-files.js';
import { addedTokens, rowOptions, specialPieces, type Settings } from './settings.js';

export function bpeFromJson(file: TokenizerFile, settings: Settings): BpeTokenizer {
  const { vocabulary, merges, specials, options } = bpeOf(file, classArguments(settings));
  const tokens = addedTokens(settings, file.addedTokens);
  const pieces = specialPieces(settings, { ...ROBERTA_SPECIALS, ...specials, ...file.specials });
  return new BpeTokenizer(withTokens(vocabulary, tokens, pieces, file.path), merges, {
    ...options,
    ...rowOptions(settings, file),
    addedTokens: tokens,
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
  for (const [file, other] of [
    [vocabFile, mergesFile],
    [mergesFile, vocabFile],
  ]) {
    if (existsSync(file!)) continue;
    throw new InputError(`${file} is not there: byte-level BPE needs it beside ${other}. Fetch it too.`);
  }
  const vocabulary = new Map(Object.entries(await readJson(vocabFile, pieceIds)));
  const specials = specialPieces(settings, ROBERTA_SPECIALS);
  // A mask by its name alone takes the white space before it.
  const tokens = addedTokens(settings).map((token) =>
    token.content === specials.mask ? { lstrip: true, ...token } : token,
  );
  const merges = parseMerges(await readText(mergesFile, 'the merges '), mergesFile);
  return new BpeTokenizer(withTokens(vocabulary, tokens, specials, vocabFile), merges, {
    ...{ flavour, ...rowOptions(settings), addedTokens: tokens },
    addPrefixSpace: config.add_prefix_space ?? false,
    trimOffsets: config.trim_offsets ?? true,
  });
}

/** Special tokens need no place in the vocabulary where a file names them: they get the next free ones. */
function withTokens(
  vocabulary: ReadonlyMap<string, number>,
  tokens: readonly AddedToken[],
  specials: SpecialPieces,
  where: string,
): Vocabulary {
  const ids = new Map(vocabulary);
  numberTokens(ids, distinct(tokens), where);
  return new Vocabulary(ids, specials, where);
}
