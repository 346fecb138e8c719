/** A parameter: its full name as upstream has it, and its shape in PyTorch's layout (a linear layer's is `[out, in]`). */
export interface TensorSpec {
  readonly name: string;
  readonly shape: readonly number[];
}
