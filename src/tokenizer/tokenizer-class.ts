import { InputError } from '../../ipu-config/base/errors.js';
import { brief } from '../../ipu-config/base/json-text.js';

/** A file that may name the class of a tokenizer. */
export interface ClassFile {
  readonly file: string;
  readonly content: Readonly<Record<string, unknown>>;
}

export type TokenizerKind = 'wordpiece' | 'bpe' | 'sentencepiece' | 'backend';

export interface TokenizerClass {
  readonly name: string;
  readonly kind: TokenizerKind;
  /** The file that names it. */
  readonly file: string;
}

/** transformers' classes, without `Tokenizer` and `TokenizerFast`. */
const KINDS: Readonly<Record<TokenizerKind, readonly string[]>> = {
  wordpiece: [
    ...['Bert', 'ConvBert', 'DistilBert', 'Electra', 'LayoutLM', 'Lxmert', 'MobileBert', 'Realm'],
    ...['RetriBert', 'SqueezeBert', 'DPRContextEncoder', 'DPRQuestionEncoder', 'DPRReader'],
  ],
  bpe: ['Roberta', 'Longformer', 'Bart'],
  sentencepiece: [
    ...['XLMRoberta', 'Camembert', 'Albert', 'XLNet', 'T5', 'MBart', 'DebertaV2', 'BigBird', 'Barthez'],
    ...['RemBert', 'XLMRobertaXL'],
  ],
  // Nothing but their tokenizer.json.
  backend: ['PreTrained', 'TokenizersBackend'],
};

/** Arguments of other tokenizers, and the values with which they change nothing. */
const FOREIGN_KEYS: Readonly<Record<string, readonly unknown[]>> = {
  word_tokenizer_type: ['basic'],
  subword_tokenizer_type: ['wordpiece'],
  do_word_tokenize: [true],
  do_subword_tokenize: [true],
  mecab_kwargs: [],
  sudachi_kwargs: [],
  jumanpp_kwargs: [],
  sp_model_kwargs: [],
  spm_file: [],
};

/**
 * The class that a directory names, from the first file that names one: upstream asks tokenizer_config.json, then
 * config.json.
 * @throws InputError when it is a class of none of the kinds
 */
export function tokenizerClass(files: readonly ClassFile[]): TokenizerClass | undefined {
  for (const { file, content } of files) {
    const name = content.tokenizer_class ?? undefined;
    if (name === undefined || name === '') continue;
    if (typeof name !== 'string') {
      throw new InputError(`${file}: tokenizer_class is wrong: ${brief(name)} is no name of a class.`);
    }
    const kind = kindOf(name.replace(/Tokenizer(Fast)?$/, ''));
    if (kind) return { name, kind, file };
    throw new InputError(
      `${file}: tokenizer_class is ${brief(name).slice(1, -1)}; only BERT's tokenizer (BertTokenizer and its other names) ` +
        "and RoBERTa's are read here.",
    );
  }
  return undefined;
}

/** The kind of tokenizer that models of a `model_type` have where no file says otherwise. */
export function kindOfType(modelType = ''): TokenizerKind {
  const name = modelType.replaceAll('-', '').toLowerCase();
  const names = Object.values(KINDS).flat();
  return kindOf(names.find((known) => known.toLowerCase() === name) ?? '') ?? 'wordpiece';
}

function kindOf(name: string): TokenizerKind | undefined {
  return (Object.keys(KINDS) as TokenizerKind[]).find((kind) => KINDS[kind].includes(name));
}

/** @param what the file, and what in it says so */
export function sentencePiece(what: string): InputError {
  return new InputError(
    `${what}: its tokenizer is SentencePiece, which is not read here. Take a model whose tokenizer is WordPiece ` +
      '(vocab.txt) or byte-level BPE (vocab.json and merges.txt), or one of these as tokenizer.json.',
  );
}

/** @throws InputError for a key of other tokenizers that would change what one of these does */
export function refuseForeignKeys({ file, content }: ClassFile): void {
  for (const [key, harmless] of Object.entries(FOREIGN_KEYS)) {
    const value = content[key] ?? undefined;
    const isEmpty = typeof value === 'object' && Object.keys(value).length === 0;
    if (value === undefined || isEmpty || harmless.includes(value)) continue;
    throw new InputError(
      `${file}: ${key} is ${brief(value)}, which the tokenizers that are read here do not have: the texts that the model was trained ` +
        'with were cut by another program.',
    );
  }
}
