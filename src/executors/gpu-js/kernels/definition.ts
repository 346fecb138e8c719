/** What gpu.js gives a kernel as `this`: the cell that it computes, and the sizes that are fixed when it is compiled. */
export interface KernelThread {
  readonly thread: { readonly x: number; readonly y: number; readonly z: number };
  readonly constants: Readonly<Record<string, number>>;
}

/** Every array is flat, in float32; sizes and offsets are Integer, so that indices stay exact beyond 2²⁴. */
export type ArgumentType = 'Array' | 'Integer';

/**
 * One kernel: a plain function, called once for each cell, that gpu.js translates to WGSL, WebAssembly or JavaScript
 * from its text. So a kernel refers to nothing outside of itself.
 *
 * gpu.js makes a float32 of every variable, also of `const row = this.thread.y`, and indices of arrays would be wrong
 * beyond 2²⁴. The exception is a variable that begins with a whole number and is somewhere changed by `++`: so indices
 * are declared as `let at = 0`, followed by `at++`, and get their value afterwards.
 */
export interface KernelDefinition {
  readonly name: string;
  /** The family that a trace of kernels sums up. */
  readonly family: 'matmul' | 'other';
  readonly source: (this: KernelThread, ...values: never[]) => number | readonly number[];
  /** In the order of the parameters. */
  readonly arguments: readonly ArgumentType[];
  /** Numbers that one cell computes, one unless it says so; several stand side by side in the result. */
  readonly outputsPerCell?: 1 | 2 | 4;
}

/** A definition; the parameters of its function have the types of its arguments. */
export function kernel<const Types extends readonly ArgumentType[]>(
  definition: Omit<KernelDefinition, 'arguments' | 'source'> & {
    readonly arguments: Types;
    readonly source: (
      this: KernelThread,
      ...values: { -readonly [at in keyof Types]: Types[at] extends 'Array' ? number[] : number }
    ) => number | readonly number[];
  },
): KernelDefinition {
  return definition as KernelDefinition;
}
