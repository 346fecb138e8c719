/** Rows that are written together: their numbers share cache lines. */
const GROUP = 16;

/**
 * Matrices for kernels/matmul.ts: `[outputs, inputs]`, as PyTorch stores a linear layer, to panels of `width` outputs,
 * `[⌈outputs / width⌉, inputs, width]`, the last one filled up with zeros. The element of an output and an input is
 * at `(⌊output / width⌋ * inputs + input) * width + output % width`.
 *
 * @param parts matrices of as many inputs, one below the other
 */
export function inPanels(parts: readonly Float32Array[], inputs: number, width: number): Float32Array {
  const outputs = parts.reduce((sum, { length }) => sum + length / inputs, 0);
  const panels = new Float32Array(Math.ceil(outputs / width) * width * inputs);
  const places = new Uint32Array(GROUP);
  let first = 0;
  for (const part of parts) {
    const rows = part.length / inputs;
    for (let from = 0; from < rows; from += GROUP) {
      const count = Math.min(GROUP, rows - from);
      for (let row = 0; row < count; row++) {
        const output = first + from + row;
        places[row] = Math.floor(output / width) * inputs * width + (output % width);
      }
      for (let k = 0; k < inputs; k++) {
        for (let row = 0; row < count; row++) {
          panels[places[row]! + k * width] = part[(from + row) * inputs + k]!;
        }
      }
    }
    first += rows;
  }
  return panels;
}
