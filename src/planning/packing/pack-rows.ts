import type { PredictedRates } from '../../hardware/predict.js';
import type { LengthHistogram } from './length-histogram.js';

/** Rows that hold sequences of the same lengths. */
export interface Pack {
  /** Of its sequences, longest first. */
  readonly lengths: readonly number[];
  readonly rows: number;
}

/** Sequences in rows of one length, several to a row, beside one to a row. */
export interface Packing {
  /** Where the lengths come from. */
  readonly source: string;
  /** Longest-pack-first histogram packing. */
  readonly algorithm: 'LPFHP';
  readonly rowLength: number;
  readonly sequences: number;
  readonly rows: number;
  /** Of the longest row. */
  readonly mostPerRow: number;
  /** In the mean: what packing would be worth if a packed row cost no more than a padded one. */
  readonly sequencesPerRow: number;
  /** Share of tokens that are no padding. */
  readonly efficiency: number;
  /** The same with one sequence to a row. No packing is worth more than one over it. */
  readonly paddedEfficiency: number;
  readonly packs: readonly Pack[];
}

/** A packing, and what a run makes of its rows: one takes as long however many sequences are in it. */
export interface PackingWorth extends Packing {
  readonly packedSequencesPerSecond: number;
  /** With one sequence to a row. */
  readonly paddedSequencesPerSecond: number;
  readonly speedUp: number;
}

/** @param rates of a run that has the packing's sequences to a row */
export function packingWorth(packing: Packing, rates: PredictedRates): PackingWorth {
  const { rowsPerSecond, sequencesPerSecond } = rates;
  return {
    ...packing,
    packedSequencesPerSecond: sequencesPerSecond,
    paddedSequencesPerSecond: rowsPerSecond,
    speedUp: sequencesPerSecond / rowsPerSecond,
  };
}

export interface PackingOptions {
  /** Sequences of a row at most; absent: as many as fit. */
  readonly mostPerRow?: number;
}

/**
 * Packs sequences into rows of `rowLength` tokens. Lengths are taken from the longest to the shortest; each goes where
 * the least room is left, as often as it fits, and a new row begins where it fits nowhere. Rows alike are counted, so
 * that millions of sequences take milliseconds.
 * Source: Krell et al. 2021, "Efficient sequence packing without cross-contamination" (arXiv 2107.02027), LPFHP.
 * @param histogram with no sequence that is longer than a row
 */
export function packRows(
  histogram: LengthHistogram,
  rowLength: number,
  { mostPerRow = Infinity }: PackingOptions = {},
): Packing {
  const packs = new OpenPacks(rowLength, mostPerRow);
  const lengths = [...histogram.counts].filter(([, count]) => count > 0).toSorted(([a], [b]) => b - a);
  for (const [length, count] of lengths) packs.place(length, count);
  return summary(histogram.source, rowLength, packs.all());
}

function summary(source: string, rowLength: number, packs: readonly Pack[]): Packing {
  const sum = (of: (pack: Pack) => number): number =>
    packs.reduce((all, pack) => all + of(pack) * pack.rows, 0);
  const rows = sum(() => 1);
  const sequences = sum(({ lengths }) => lengths.length);
  const tokens = sum(({ lengths }) => lengths.reduce((all, length) => all + length, 0));
  return {
    ...{ source, algorithm: 'LPFHP', rowLength, sequences, rows },
    mostPerRow: packs.reduce((most, { lengths }) => Math.max(most, lengths.length), 0),
    sequencesPerRow: sequences / rows,
    efficiency: tokens / (rows * rowLength),
    paddedEfficiency: tokens / (sequences * rowLength),
    packs,
  };
}

class OpenPacks {
  readonly #rowLength: number;
  readonly #mostPerRow: number;
  readonly #full: Pack[] = [];
  /** By the room that is left; the last one of a list is taken first. */
  readonly #open: Pack[][];

  constructor(rowLength: number, mostPerRow: number) {
    this.#rowLength = rowLength;
    this.#mostPerRow = mostPerRow;
    this.#open = Array.from({ length: rowLength + 1 }, () => []);
  }

  place(length: number, count: number): void {
    for (let left = count; left > 0;) {
      const room = this.#leastRoom(length);
      const pack = room === undefined ? { lengths: [], rows: Infinity } : this.#open[room]!.pop()!;
      const space = room ?? this.#rowLength;
      const fits = Math.min(Math.floor(space / length), this.#mostPerRow - pack.lengths.length);
      const times = Math.min(fits, left);
      const rows = Math.min(pack.rows, Math.floor(left / times));
      if (room !== undefined && pack.rows > rows) this.#open[room]!.push({ ...pack, rows: pack.rows - rows });
      const lengths = [...pack.lengths, ...new Array<number>(times).fill(length)];
      this.#add({ lengths, rows }, space - times * length);
      left -= rows * times;
    }
  }

  all(): Pack[] {
    return [...this.#full, ...this.#open.flat()];
  }

  #leastRoom(length: number): number | undefined {
    for (let room = length; room < this.#rowLength; room++) if (this.#open[room]!.length > 0) return room;
    return undefined;
  }

  #add(pack: Pack, room: number): void {
    const isFull = room === 0 || pack.lengths.length >= this.#mostPerRow;
    (isFull ? this.#full : this.#open[room]!).push(pack);
  }
}
