import { kernel } from './definition.js';

/**
 * The sum of a row from each of three tables, `[rows, hidden]`. `input` holds from `at` on which row of the first, `[rows]`,
 * of the second and of the third, as float32, which is exact below 2²⁴. The first table is in panels (weight-panels.ts),
 * as a head may have it as a matrix. Cells: `[hidden, rows]`. Constants: hidden; panel, their width.
 */
export const embed = kernel({
  name: 'embedding',
  family: 'other',
  arguments: ['Array', 'Array', 'Array', 'Array', 'Integer', 'Integer'],
  source: function (input, first, second, third, at, rows) {
    let word = 0;
    let part = 0;
    let from = 0;
    let segment = 0;
    let position = 0;
    word++;
    part++;
    from++;
    segment++;
    position++;
    from = at + this.thread.y;
    word = Math.floor(input[from]! + 0.5);
    part = Math.floor(word / this.constants.panel!);
    word -= part * this.constants.panel!;
    from += rows;
    segment = Math.floor(input[from]! + 0.5);
    from += rows;
    position = Math.floor(input[from]! + 0.5);
    return (
      first[(part * this.constants.hidden! + this.thread.x) * this.constants.panel! + word]! +
      second[segment * this.constants.hidden! + this.thread.x]! +
      third[position * this.constants.hidden! + this.thread.x]!
    );
  },
});

/**
 * The positions of each row of the batch that `input` names from `at` on, `[batch, picked]`: `[batch · picked, hidden]`.
 * Cells: `[hidden, batch · picked]`. Constant: hidden.
 */
export const pickPositions = kernel({
  name: 'picked positions',
  family: 'other',
  arguments: ['Array', 'Array', 'Integer', 'Integer', 'Integer'],
  source: function (x, input, at, sequence, picked) {
    let from = 0;
    let row = 0;
    from++;
    row++;
    from = at + this.thread.y;
    row = Math.floor((this.thread.y + 0.5) / picked);
    row = row * sequence + Math.floor(input[from]! + 0.5);
    return x[row * this.constants.hidden! + this.thread.x]!;
  },
});

/** The first position of each row of the batch, `[batch, hidden]`. Cells: `[hidden, batch]`. */
export const firstPositions = kernel({
  name: 'first positions',
  family: 'other',
  arguments: ['Array', 'Integer'],
  source: function (x, sequence) {
    return x[this.thread.y * sequence * this.constants.hidden! + this.thread.x]!;
  },
});

/** Two arrays one after the other, so that a head with two results is read back once. Cells: `[both lengths]`. */
export const join = kernel({
  name: 'join',
  family: 'other',
  arguments: ['Array', 'Array', 'Integer'],
  source: function (first, second, length) {
    let value = 0.0;
    if (this.thread.x < length) value = first[this.thread.x]!;
    else value = second[this.thread.x - length]!;
    return value;
  },
});
