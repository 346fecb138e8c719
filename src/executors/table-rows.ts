import type { TableRows } from '../models/steps.js';
import type { StageInputs } from './stage-inputs.js';

/** The rows of a table that the tokens `[batch, sequence]` take, one after another. */
export function tableRows(rows: TableRows, { tensors, sizes }: StageInputs): Int32Array {
  const { batch, sequence } = sizes as { batch: number; sequence: number };
  const length = batch * sequence;
  switch (rows.by) {
    case 'ids':
      return tensors.get(rows.input)!.data as Int32Array;
    case 'place':
      return Int32Array.from({ length }, (_, at) => at % sequence);
    case 'row':
      return new Int32Array(length).fill(rows.row);
    case 'count': {
      const { input, padding } = rows;
      const ids = tensors.get(input)!.data;
      let last = padding;
      return Int32Array.from(ids, (id, at) => {
        if (at % sequence === 0) last = padding;
        return id === padding ? padding : ++last;
      });
    }
  }
}
