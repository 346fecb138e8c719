import { ConfigError } from './base/errors.js';

export interface SerializedEmbedding {
  readonly splitSize: number;
  /** Rows `[first, end)` of the table that each split holds. */
  readonly rowRanges: readonly (readonly [number, number])[];
}

/**
 * Cuts an embedding table into `factor` blocks of rows, looked up one after another.
 * Source: optimum-graphcore b8cd6e09, optimum/graphcore/modeling_utils.py, SerializedEmbedding.
 * @throws ConfigError of type AssertionError when the rows cannot be shared out evenly
 */
export function serializeEmbedding(rows: number, factor: number): SerializedEmbedding {
  if (!Number.isInteger(factor) || factor < 1 || rows % factor !== 0) {
    const fitting = Array.from({ length: 16 }, (_, i) => i + 1).filter((n) => rows % n === 0);
    throw new ConfigError(
      'AssertionError',
      `embedding_serialization_factor=${factor} does not divide the ${rows} rows of the embedding table.` +
        ` Up to 16, these do: ${fitting.join(', ')}.`,
    );
  }
  const splitSize = rows / factor;
  const rowRanges = Array.from({ length: factor }, (_, i) => [i * splitSize, (i + 1) * splitSize] as const);
  return { splitSize, rowRanges };
}

/** Which split holds a row (of the padding token, say), and its index there. */
export function serializedRow(
  rows: number,
  factor: number,
  row: number,
): { readonly split: number; readonly index: number } {
  const { splitSize } = serializeEmbedding(rows, factor);
  if (!Number.isInteger(row) || row < 0 || row >= rows) {
    throw new ConfigError('AssertionError', `Row ${row} is not in a table of ${rows} rows.`);
  }
  return { split: Math.floor(row / splitSize), index: row % splitSize };
}
