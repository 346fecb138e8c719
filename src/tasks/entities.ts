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
  const entities = aggregation === 'none' ? words : groups(words).map(merged);
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

/** Neighbours with one tag; `B-` begins an entity even after another of its tag. */
function groups(words: readonly Entity[]): Entity[][] {
  const all: Entity[][] = [];
  for (const word of words) {
    const { begins, tag } = tagOf(word.label);
    const last = all.at(-1)?.at(-1);
    if (last && !begins && tagOf(last.label).tag === tag) all.at(-1)!.push(word);
    else all.push([word]);
  }
  return all;
}

function tagOf(label: string): { readonly begins: boolean; readonly tag: string } {
  const isTagged = label.startsWith('B-') || label.startsWith('I-');
  return { begins: label.startsWith('B-'), tag: isTagged ? label.slice(2) : label };
}

function merged(group: readonly Entity[]): Entity {
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
