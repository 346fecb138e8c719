import { InputError } from '../../ipu-config/base/errors.js';
import { brief } from '../../ipu-config/base/json-text.js';

/** A file that may name the class of a tokenizer. */
export interface ClassFile {
  readonly file: string;
  readonly content: Readonly<Record<string, unknown>>;
}

/** Of transformers' classes, those that are BERT's tokenizer under another name. */
const BERT_CLASSES: ReadonlySet<string> = new Set([
  ...['Bert', 'ConvBert', 'DistilBert', 'Electra', 'LayoutLM', 'Lxmert', 'MobileBert', 'Realm'],
  ...['RetriBert', 'SqueezeBert', 'DPRContextEncoder', 'DPRQuestionEncoder', 'DPRReader'],
]);
/** Those that are nothing but their tokenizer.json. */
const BACKEND_CLASSES: ReadonlySet<string> = new Set(['PreTrainedTokenizerFast', 'TokenizersBackend']);

/** Arguments of tokenizers that are not BERT's, and the values with which they change nothing. */
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
 * @throws InputError when it is no class of BERT's tokenizer
 */
export function tokenizerClass(files: readonly ClassFile[]): string | undefined {
  for (const { file, content } of files) {
    const name = content.tokenizer_class ?? undefined;
    if (name === undefined || name === '') continue;
    if (typeof name !== 'string') {
      throw new InputError(`${file}: tokenizer_class is wrong: ${brief(name)} is no name of a class.`);
    }
    if (!isBackendClass(name) && !BERT_CLASSES.has(name.replace(/Tokenizer(Fast)?$/, ''))) {
      throw new InputError(
        `${file}: tokenizer_class is ${brief(name).slice(1, -1)}; only BERT's tokenizer (BertTokenizer and its other names) is read here.`,
      );
    }
    return name;
  }
  return undefined;
}

export function isBackendClass(name: string | undefined): boolean {
  return name !== undefined && BACKEND_CLASSES.has(name);
}

/** @throws InputError for a key that no BERT tokenizer has and that would change what this one does */
export function refuseForeignKeys({ file, content }: ClassFile): void {
  for (const [key, harmless] of Object.entries(FOREIGN_KEYS)) {
    const value = content[key] ?? undefined;
    const isEmpty = typeof value === 'object' && Object.keys(value).length === 0;
    if (value === undefined || isEmpty || harmless.includes(value)) continue;
    throw new InputError(
      `${file}: ${key} is ${brief(value)}, which BERT's tokenizer does not have: the texts that the model was trained ` +
        'with were cut by another program.',
    );
  }
}
