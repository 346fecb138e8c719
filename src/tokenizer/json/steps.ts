import * as v from 'valibot';
import { bertNormalizerSchema } from './bert-normalizer.js';
import { jsonPart, unknownType, type JsonPart } from './parts.js';
import {
  bertNormalizer,
  inTurn,
  lowerCase,
  nmt,
  prepend,
  replace,
  strip,
  stripAccents,
  unicodeForm,
  wellFormed,
  type Normalizer,
} from '../steps/normalizers.js';
import {
  BEHAVIORS,
  bertSplitter,
  isNumeric,
  isSpaceChar,
  splitAtChars,
  splitAtText,
  splitInTurn,
  whitespaceSplitter,
  type Splitter,
} from '../steps/splitters.js';
import { fitting } from '../tokenizer-files.js';
import { isPunctuation } from '../base/unicode.js';

type Readers<T> = Readonly<Record<string, (raw: unknown, where: string) => T>>;

const behavior = v.picklist(BEHAVIORS);
/** Regular expressions are Oniguruma's, which JavaScript's are not. */
const pattern = v.pipe(
  v.object({ String: v.optional(v.string(), '') }),
  v.check(
    ({ String: text }) => text !== '',
    'only patterns of the form {"String": "some text"} are known here, not regular expressions',
  ),
  v.transform(({ String: text }) => text),
);

const NORMALIZERS: Readers<Normalizer> = {
  BertNormalizer: (raw, where) => bertNormalizer(fitting(bertNormalizerSchema, raw, where)),
  Sequence: (raw, where) =>
    inTurn(
      fitting(v.object({ normalizers: v.array(jsonPart) }), raw, where).normalizers.map((part, at) =>
        read(NORMALIZERS, part, `${where}.normalizers.${at}`, (chars) => chars),
      ),
    ),
  Lowercase: () => lowerCase,
  StripAccents: () => stripAccents,
  NFC: () => unicodeForm('NFC'),
  NFD: () => unicodeForm('NFD'),
  NFKC: () => unicodeForm('NFKC'),
  NFKD: () => unicodeForm('NFKD'),
  Nmt: () => nmt,
  Strip: (raw, where) => {
    const sides = fitting(v.object({ strip_left: v.boolean(), strip_right: v.boolean() }), raw, where);
    return strip(sides.strip_left, sides.strip_right);
  },
  Prepend: (raw, where) => prepend(fitting(v.object({ prepend: v.string() }), raw, where).prepend),
  Replace: (raw, where) => {
    const said = fitting(v.object({ pattern, content: v.string() }), raw, where);
    return replace(said.pattern, said.content);
  },
};

const SPLITTERS: Readers<Splitter> = {
  BertPreTokenizer: () => bertSplitter,
  Sequence: (raw, where) =>
    splitInTurn(
      fitting(v.object({ pretokenizers: v.array(jsonPart) }), raw, where).pretokenizers.map((part, at) =>
        read(SPLITTERS, part, `${where}.pretokenizers.${at}`, (parts) => parts),
      ),
    ),
  Whitespace: () => whitespaceSplitter,
  WhitespaceSplit: () => splitAtChars(isSpaceChar, 'Removed'),
  Punctuation: (raw, where) =>
    splitAtChars(
      isPunctuation,
      fitting(v.object({ behavior: v.optional(behavior, 'Isolated') }), raw, where).behavior,
    ),
  Digits: (raw, where) =>
    splitAtChars(
      isNumeric,
      fitting(v.object({ individual_digits: v.boolean() }), raw, where).individual_digits
        ? 'Isolated'
        : 'Contiguous',
    ),
  CharDelimiterSplit: (raw, where) => {
    const { delimiter } = fitting(v.object({ delimiter: v.string() }), raw, where);
    return splitAtChars((char) => char === delimiter, 'Removed');
  },
  Split: (raw, where) => {
    const said = fitting(v.object({ pattern, behavior, invert: v.optional(v.boolean(), false) }), raw, where);
    return splitAtText(said.pattern, said.behavior, said.invert);
  },
};

/** @throws InputError that names the step that is not known here, or what is wrong with it */
export function normalizerOf(part: JsonPart, where: string): Normalizer {
  return inTurn([wellFormed, read(NORMALIZERS, part, where, (chars) => chars)]);
}

/** @throws InputError that names the step that is not known here, or what is wrong with it */
export function splitterOf(part: JsonPart, where: string): Splitter {
  return read(SPLITTERS, part, where, (parts) => parts);
}

function read<T>(readers: Readers<T>, part: JsonPart, where: string, none: T): T {
  if (!part) return none;
  const reader = Object.hasOwn(readers, part.type) ? readers[part.type] : undefined;
  if (!reader) throw unknownType(where, part.type, Object.keys(readers));
  return reader(part, where);
}
