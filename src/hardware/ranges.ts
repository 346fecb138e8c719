import { InputError } from '../../ipu-config/base/errors.js';
import { brief } from '../../ipu-config/base/json-text.js';
import { longestSequence } from '../models/model-config.js';
import type { ModelShape } from './model-shape.js';

/** What a run must agree on before anything is worked out. */
interface Ranged {
  readonly model: ModelShape;
  readonly sequenceLength: number;
  readonly microBatch: number;
  readonly sequencesPerRow: number;
  /** Shares of a tile's memory. */
  readonly matmulProportion: readonly number[];
}
type RangedField = Exclude<keyof Ranged, 'model'> | 'model.attentionHeads' | 'model.maskedTokensPerRow';

/** How whoever asks calls these things: `{ sequenceLength: '--seq-len' }`. Others go by their own names. */
export type FieldNames = Readonly<Partial<Record<RangedField, string>>>;

/** Rows of a micro-batch: more do not fit any chip, and their times no whole number of nanoseconds. */
const MOST_ROWS = 65_536;

/** @throws InputError with the field, as its user calls it, its value and what would be right */
export function checkRanges(of: Ranged, names: FieldNames = {}, prefix = ''): void {
  const { model, sequenceLength, microBatch, sequencesPerRow, matmulProportion } = of;
  const { attentionHeads, hiddenSize, maskedTokensPerRow = 1 } = model;
  const longest = longestSequence({ ...model, maxPositionEmbeddings: model.maxPositions });
  const check = (isRight: boolean, field: RangedField, value: unknown, must: string): void => {
    if (isRight) return;
    throw new InputError(`${prefix}${names[field] ?? field} is ${brief(value)}${must}.`);
  };
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  for (const [field, value] of [
    ['sequenceLength', sequenceLength],
    ['microBatch', microBatch],
    ['model.maskedTokensPerRow', maskedTokensPerRow],
  ] as const) {
    check(isCount(value), field, value, ': give a whole number from 1');
  }
  check(microBatch <= MOST_ROWS, 'microBatch', microBatch, `: give ${MOST_ROWS} at most`);
  check(
    sequenceLength <= longest,
    'sequenceLength',
    sequenceLength,
    `, but ${model.name} has ${longest} positions: give ${longest} at most`,
  );
  const isRow = sequencesPerRow > 0 && sequencesPerRow <= sequenceLength;
  check(isRow, 'sequencesPerRow', sequencesPerRow, `: give a number above 0, and ${sequenceLength} at most`);
  check(
    matmulProportion.every((share) => share >= 0 && share <= 1),
    'matmulProportion',
    matmulProportion.length === 1 ? matmulProportion[0] : matmulProportion,
    ': it is a share of memory, so give 0 to 1',
  );
  check(
    hiddenSize % attentionHeads === 0,
    'model.attentionHeads',
    attentionHeads,
    `, which does not divide the hidden size ${hiddenSize}: give one that does`,
  );
}

/** What a figure of a chip or system can be: its name says what kind it is. */
export interface FigureRange {
  readonly most: number;
  /** 0 makes something take no time or room; of what is divided by, it would be infinite. */
  readonly mayBeZero: boolean;
  readonly isWhole: boolean;
  readonly words: string;
}

export function figureRange(name: string): FigureRange {
  if (/Efficiency$/.test(name)) {
    return { most: 1, mayBeZero: false, isWhole: false, words: 'a share above 0, and 1 at most' };
  }
  if (/(Cycles|Seconds)$|^codeBytes/.test(name)) {
    return { most: Number.MAX_VALUE, mayBeZero: true, isWhole: false, words: 'a number from 0' };
  }
  if (/^(tiles|ipus\w*|linksToNeighbour)$/.test(name)) {
    return { most: Number.MAX_SAFE_INTEGER, mayBeZero: false, isWhole: true, words: 'a whole number from 1' };
  }
  return { most: Number.MAX_VALUE, mayBeZero: false, isWhole: false, words: 'a number above 0' };
}

export function isInRange(value: number, { most, mayBeZero, isWhole }: FigureRange): boolean {
  return (mayBeZero ? value >= 0 : value > 0) && value <= most && (!isWhole || Number.isSafeInteger(value));
}
