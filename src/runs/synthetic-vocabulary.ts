import { ROBERTA_SPECIALS, STANDARD_SPECIALS } from '../tokenizer/base/vocabulary.js';
import { BYTE_SYMBOLS, SPACE_SYMBOL } from '../tokenizer/bpe/byte-symbols.js';
import type { Merge } from '../tokenizer/bpe/merges.js';

/** Frequent English words, and words that texts about pipelines and computers use. */
const WORDS = `
the of and to in is that for it as was with be by on not he his but at are this have from or had an they which one you
were her all she there would their we him been has when who will more no if out so said what up its about into than them
can only other new some could time these two may then do first any my now such like our over man me even most made after
also did many before must through back years where much your way well down should because each just those people how too
little state good very make world still own see men work long get here between both life being under never day same
another know while last might us great old year off come since against go came right used take three states himself few
house use during without again place around however small found thought went say part once general high upon school every
does got united left number course war until always away something fact though water less public put thing almost hand
enough far took head yet better set told nothing night end why called find going look asked later point knew next city
give group room side model stage pipeline batch layer memory machine number weight token question answer text word
thread slot link host device time second sequence throughput latency cycle schedule bubble busy idle wait read write
`;

/** Beginnings and ends of English words; each is also a piece of its own. */
const ONSETS =
  'b c d f g h j k l m n p q r s t v w x z bl br ch cl cr dr fl fr gl gr pl pr qu sc sh sk sl sm sn sp st str th tr wh';
const RIMES =
  'a e i o u y ab ac ad ag al am an ap ar as at ay ea ed ee el em en er es et ew ic id ig il im in ing ion ip ir is it ite ive ob oc od og ol om on oo op or ot ou ound ow ub uck ud ug ul um un up ur us ust ut ment ness able ful less ly ance ence ure age ate ity ous al ize ing ers';

const FIRST_PRINTABLE = 0x21;
const LAST_PRINTABLE = 0x7e;

/**
 * The vocabulary of synthetic models: a few thousand pieces made by rule. Any text of ASCII, accented Latin included
 * once the accents are stripped, comes apart into pieces; characters of other scripts are `[UNK]`.
 */
export function syntheticVocabulary(): string[] {
  const { pad, unk, cls, sep, mask } = STANDARD_SPECIALS;
  const printable = Array.from({ length: LAST_PRINTABLE - FIRST_PRINTABLE + 1 }, (_, at) =>
    String.fromCharCode(FIRST_PRINTABLE + at),
  );
  const onsets = ONSETS.split(' ');
  const rimes = RIMES.split(' ');
  const syllables = onsets.flatMap((onset) => rimes.map((rime) => onset + rime));
  const parts = [...printable, ...onsets, ...rimes, ...syllables];
  return [...new Set([pad, unk, cls, sep, mask, ...parts, ...parts.map((part) => `##${part}`), ...words()])];
}

/**
 * That of synthetic models with byte-level BPE, by rule as well: all bytes, and the beginnings of the words above with
 * a space before them. The special pieces have RoBERTa's ids.
 */
export function syntheticBytePairs(): { readonly pieces: string[]; readonly merges: Merge[] } {
  const { unk, cls, sep, pad, mask } = ROBERTA_SPECIALS;
  const merges = new Map<string, Merge>();
  for (const word of words()) {
    let left = SPACE_SYMBOL;
    for (const letter of word) {
      merges.set(left + letter, [left, letter]);
      left += letter;
    }
  }
  return {
    pieces: [cls, pad, sep, unk, ...BYTE_SYMBOLS, ...merges.keys(), mask],
    merges: [...merges.values()],
  };
}

function words(): string[] {
  return WORDS.trim().split(/\s+/);
}
