import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { Tokenizer, TokenizerFlavour } from '../base/tokenizer.js';
import { readTokenizerFile } from '../json/tokenizer-json.js';
import { kindOfType, sentencePiece, type TokenizerKind } from '../tokenizer-class.js';
import { readJson } from '../tokenizer-files.js';
import { bpeFromFiles, bpeFromJson } from './load-bpe.js';
import { wordPieceFromFiles, wordPieceFromJson } from './load-word-piece.js';
import { readSettings, type Settings } from './settings.js';

/** What SentencePiece's own files are called. */
const SENTENCE_PIECE_FILES = ['sentencepiece.bpe.model', 'spiece.model', 'spm.model', 'tokenizer.model'];

export interface LoadTokenizerOptions {
  /** `fast` when absent. */
  readonly flavour?: TokenizerFlavour;
  /** Told what upstream does in silence and users regret; `process.emitWarning` when absent. */
  readonly onWarning?: (message: string) => void;
}

/**
 * Reads the tokenizer of a Hugging Face directory: `tokenizer.json` where it is there and the flavour fast, else
 * `vocab.txt`, or `vocab.json` and `merges.txt`; and `tokenizer_config.json`, `special_tokens_map.json`,
 * `added_tokens.json`, and the class in `config.json`.
 * @throws InputError that names the file and what is wrong with it or not known here
 */
export async function loadTokenizer(
  directory: string,
  { flavour = 'fast', onWarning = (message) => process.emitWarning(message) }: LoadTokenizerOptions = {},
): Promise<Tokenizer> {
  const settings = await readSettings(directory);
  const path = join(directory, 'tokenizer.json');
  if (flavour === 'fast' && existsSync(path)) {
    const file = readTokenizerFile(path, await readJson(path, v.looseObject({})));
    return file.model.type === 'BPE' ? bpeFromJson(file, settings) : wordPieceFromJson(file, settings);
  }
  const { class: named, configFile } = settings;
  if (named?.kind === 'backend') {
    throw new InputError(
      `${configFile}: tokenizer_class is ${named.name}, whose only file is tokenizer.json, ` +
        (flavour === 'slow' ? 'which the slow flavour has not.' : `and ${directory} has none. Fetch it too.`),
    );
  }
  const kind = named?.kind ?? kindByFiles(settings);
  if (kind === 'sentencepiece') {
    const found = SENTENCE_PIECE_FILES.find((file) => existsSync(join(directory, file)));
    throw sentencePiece(
      named
        ? `${named.file}: tokenizer_class is ${named.name}`
        : `${directory} has ${found ?? 'no vocabulary'}`,
    );
  }
  return kind === 'bpe' ? bpeFromFiles(settings, flavour) : wordPieceFromFiles(settings, flavour, onWarning);
}

/** Where no file names a class: the vocabulary that is there, or that of the model's type. */
function kindByFiles({ directory, modelType }: Settings): TokenizerKind {
  const has = (...files: string[]): boolean => files.some((file) => existsSync(join(directory, file)));
  const [isWordPiece, isBpe] = [has('vocab.txt'), has('vocab.json', 'merges.txt')];
  if (isWordPiece !== isBpe) return isBpe ? 'bpe' : 'wordpiece';
  if (!isBpe && has(...SENTENCE_PIECE_FILES)) return 'sentencepiece';
  return kindOfType(modelType);
}
