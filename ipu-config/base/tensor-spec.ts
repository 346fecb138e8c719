/** A parameter: its full name as upstream has it, and its shape in PyTorch's layout (a linear layer's is `[out, in]`). */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}

export function elementsOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
