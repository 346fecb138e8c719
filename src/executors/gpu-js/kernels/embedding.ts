import type { KernelDefinition, KernelThread } from './definition.js';

/**
 * Word + segment + position, `[rows, hidden]`. `input` holds the ids `[rows]`, then the segments `[rows]`, as
 * float32, which is exact below 2²⁴. The table of words is in panels (weight-panels.ts), as a head may have it as a
 * matrix. Cells: `[hidden, rows]`. Constants: hidden; panel, their width.
 */
export const embed: KernelDefinition = {
  name: 'embedding',
  family: 'other',
  arguments: {
    input: 'Array',
    words: 'Array',
    segments: 'Array',
    positions: 'Array',
    rows: 'Integer',
    sequence: 'Integer',
  },
  outputsPerCell: 1,
  source: function (
    this: KernelThread,
    input: number[],
    words: number[],
    segments: number[],
    positions: number[],
    rows: number,
    sequence: number,
  ) {
    let word = 0;
    let part = 0;
    let segment = 0;
    let batch = 0;
    let position = 0;
    word++;
    part++;
    segment++;
    batch++;
    position++;
    word = Math.floor(input[this.thread.y]! + 0.5);
    part = Math.floor(word / this.constants.panel!);
    word -= part * this.constants.panel!;
    segment = Math.floor(input[rows + this.thread.y]! + 0.5);
    batch = Math.floor((this.thread.y + 0.5) / sequence);
    position = this.thread.y - batch * sequence;
    return (
      words[(part * this.constants.hidden! + this.thread.x) * this.constants.panel! + word]! +
      segments[segment * this.constants.hidden! + this.thread.x]! +
      positions[position * this.constants.hidden! + this.thread.x]!
    );
  },
};

/** The first position of each row of the batch, `[batch, hidden]`. Cells: `[hidden, batch]`. */
export const firstPositions: KernelDefinition = {
  name: 'first positions',
  family: 'other',
  arguments: { x: 'Array', sequence: 'Integer' },
  outputsPerCell: 1,
  source: function (this: KernelThread, x: number[], sequence: number) {
    return x[this.thread.y * sequence * this.constants.hidden! + this.thread.x]!;
  },
};

/** Two arrays one after the other, so that a head with two results is read back once. Cells: `[both lengths]`. */
export const join: KernelDefinition = {
  name: 'join',
  family: 'other',
  arguments: { first: 'Array', second: 'Array', length: 'Integer' },
  outputsPerCell: 1,
  source: function (this: KernelThread, first: number[], second: number[], length: number) {
    let value = 0.0;
    if (this.thread.x < length) value = first[this.thread.x]!;
    else value = second[this.thread.x - length]!;
    return value;
  },
};
