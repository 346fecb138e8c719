/**
 * Matrices for kernels/matmul.ts: `[outputs, inputs]`, as PyTorch stores a linear layer, to panels of four outputs,
 * `[⌈outputs / 4⌉, inputs, 4]`, the last one filled up with zeros. The element of an output and an input is at
 * `((output >> 2) * inputs + input) * 4 + (output & 3)`.
 *
 * @param parts matrices of as many inputs, one below the other
 */
export function inPanels(parts: readonly Float32Array[], inputs: number): Float32Array {
  const outputs = parts.reduce((sum, { length }) => sum + length / inputs, 0);
  const panels = new Float32Array(Math.ceil(outputs / 4) * 4 * inputs);
  let output = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; from += inputs, output++) {
      let to = (output >> 2) * inputs * 4 + (output & 3);
      for (let k = 0; k < inputs; k++, to += 4) panels[to] = part[from + k]!;
    }
  }
  return panels;
}
