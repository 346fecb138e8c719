import { InputError } from '../../../ipu-config/base/errors.js';
import { brief } from '../../../ipu-config/base/json-text.js';

/** Two pieces that become one. */
export type Merge = readonly [left: string, right: string];

/** Merges in the order in which they are made. */
export interface MergeList {
  readonly pairs: readonly Merge[];
  /** Names one of them in messages: the file and the place in it. */
  readonly nameOf: (at: number) => string;
}

/**
 * Merges of a `merges.txt`; a first line that begins with `#version` is none.
 * @param path named in messages
 * @throws InputError that names a line which has not two pieces with a space between, or when there is none
 */
export function parseMerges(text: string, path = 'merges.txt'): MergeList {
  const lines = text.trimEnd().split(/\r?\n/);
  const first = lines[0]!.startsWith('#version') ? 1 : 0;
  const nameOf = (at: number): string => `${path}: line ${at + first + 1}`;
  if (lines.slice(first).join('') === '')
    throw new InputError(`${path} has no merges: the file is cut short.`);
  return { pairs: lines.slice(first).map((line, at) => mergeOf(line, nameOf(at))), nameOf };
}

/**
 * @param said `left right` as one text, or a list of the two
 * @throws InputError for anything else
 */
export function mergeOf(said: unknown, where: string): Merge {
  const pair: unknown = typeof said === 'string' ? said.split(' ') : said;
  const isPiece = (piece: unknown): boolean => typeof piece === 'string' && piece !== '';
  if (Array.isArray(pair) && pair.length === 2 && pair.every(isPiece)) return pair as unknown as Merge;
  throw new InputError(`${where} is ${brief(said)}: a merge is two pieces with one space between.`);
}

const MOST_IDS = 2 ** 26;

/** Which pairs of pieces become which, and in what order. */
export class MergeTable {
  /** Ids of the merged pieces by rank. */
  readonly results: Int32Array;
  /** By both ids in one number. */
  readonly #ranks = new Map<number, number>();

  /** @throws InputError that names a merge of pieces which the vocabulary does not have */
  constructor(ids: ReadonlyMap<string, number>, { pairs, nameOf }: MergeList) {
    this.results = new Int32Array(pairs.length);
    pairs.forEach(([left, right], rank) => {
      const pair = [left, right, left + right].map((piece) => {
        const id = ids.get(piece);
        if (id !== undefined) return id;
        throw new InputError(
          `${nameOf(rank)} is ${brief(`${left} ${right}`)}, but the vocabulary has no ${brief(piece)}: ` +
            'the two do not belong together.',
        );
      });
      // As upstream, of two equal merges the later one counts.
      this.#ranks.set(pair[0]! * MOST_IDS + pair[1]!, rank);
      this.results[rank] = pair[2]!;
    });
  }

  rank(left: number, right: number): number | undefined {
    return this.#ranks.get(left * MOST_IDS + right);
  }
}
