/** A piece of a text with the probability of each label. */
export interface LabelledPiece {
  readonly start: number;
  readonly end: number;
  /** The piece continues the word of the piece before it. */
  readonly continuesWord: boolean;
  /** By label id; they add up to 1. */
  readonly scores: readonly number[];
}

/** A stretch of text under one label. Offsets are UTF-16, half open. */
export interface Entity {
  readonly label: string;
  readonly score: number;
  readonly start: number;
  readonly end: number;
}

/**
 * How pieces become entities, as transformers' token-classification pipeline calls it: `none` every piece for itself;
 * `simple` neighbours under one tag; `first`, `average`, `max` the same, after all pieces of a word were given the
 * label of its first piece, of their mean scores, or of the surest of them.
 */
export const AGGREGATIONS = ['none', 'simple', 'first', 'average', 'max'] as const;
export type Aggregation = (typeof AGGREGATIONS)[number];

/** Tagging schemes call what is no entity so. */
const OUTSIDE = 'O';

/** Entities of a text in its order; what is outside of any is left out. */
export function entitiesOf(
  pieces: readonly LabelledPiece[],
  id2label: Readonly<Record<number, string>>,
  aggregation: Aggregation,
): Entity[] {
  const words =
    aggregation === 'none' || aggregation === 'simple'
      ? pieces.map((piece) => labelled([piece], piece.scores, id2label))
      : wordsOf(pieces).map((word) => labelled(word, wordScores(word, aggregation), id2label));
  const scheme = schemeOf(Object.values(id2label));
  const entities =
    aggregation === 'none' ? words : groups(words, scheme).map((group) => merged(group, scheme));
  return entities.filter(({ label }) => label !== OUTSIDE);
}

function wordsOf(pieces: readonly LabelledPiece[]): LabelledPiece[][] {
  const words: LabelledPiece[][] = [];
  for (const piece of pieces) {
    if (piece.continuesWord && words.length > 0) words.at(-1)!.push(piece);
    else words.push([piece]);
  }
  return words;
}

function wordScores(
  word: readonly LabelledPiece[],
  aggregation: 'first' | 'average' | 'max',
): readonly number[] {
  if (aggregation === 'first') return word[0]!.scores;
  if (aggregation === 'max') {
    const sureness = word.map(({ scores }) => Math.max(...scores));
    return word[sureness.indexOf(Math.max(...sureness))]!.scores;
  }
  return word[0]!.scores.map((_, id) => mean(word.map(({ scores }) => scores[id]!)));
}

function labelled(
  word: readonly LabelledPiece[],
  scores: readonly number[],
  id2label: Readonly<Record<number, string>>,
): Entity {
  const score = Math.max(...scores);
  const label = id2label[scores.indexOf(score)]!;
  return { label, score, start: word[0]!.start, end: word.at(-1)!.end };
}

/** A label's part in its entity, and what the entity is. */
interface Tag {
  readonly tag: string;
  readonly begins: boolean;
  readonly ends: boolean;
}

/** Of BIO, BIOES and BILOU: what may stand before the tag, and what it says. */
const PREFIXES: Readonly<Record<string, Omit<Tag, 'tag'>>> = {
  B: { begins: true, ends: false },
  I: { begins: false, ends: false },
  E: { begins: false, ends: true },
  L: { begins: false, ends: true },
  S: { begins: true, ends: true },
  U: { begins: true, ends: true },
};

/** The tags of a model's labels. Letters other than B and I are prefixes where some label has one of those two. */
function schemeOf(labels: readonly string[]): (label: string) => Tag {
  const letters = labels.some((label) => /^[BI]-./.test(label)) ? 'BIELSU' : '';
  return (label) => {
    const [, prefix = '', tag = ''] = /^(\w)-(.+)$/s.exec(label) ?? [];
    return prefix !== '' && letters.includes(prefix)
      ? { tag, ...PREFIXES[prefix]! }
      : { tag: label, begins: false, ends: false };
  };
}

/** Neighbours with one tag; `B-` begins an entity even after another of its tag, and nothing goes on after `E-`. */
function groups(words: readonly Entity[], tagOf: (label: string) => Tag): Entity[][] {
  const all: Entity[][] = [];
  for (const word of words) {
    const { begins, tag } = tagOf(word.label);
    const last = all.at(-1)?.at(-1);
    const before = last && tagOf(last.label);
    if (before && !begins && !before.ends && before.tag === tag) all.at(-1)!.push(word);
    else all.push([word]);
  }
  return all;
}

function merged(group: readonly Entity[], tagOf: (label: string) => Tag): Entity {
  return {
    label: tagOf(group[0]!.label).tag,
    score: mean(group.map(({ score }) => score)),
    start: group[0]!.start,
    end: group.at(-1)!.end,
  };
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
