import { DTYPES } from '../../../ipu-config/base/dtypes.js';
import type { Program, ProgramOutput } from '../../models/program.js';
import type {
  Activation,
  AttendStep,
  EmbedStep,
  LinearParameters,
  Lookup,
  NormParameters,
  Step,
} from '../../models/steps.js';
import type { TensorSpec } from '../../../ipu-config/base/tensor-spec.js';
import type { WeightSource } from '../../weights/weights.js';
import { GraphBuilder } from './graph-builder.js';
import type { MappedFiles } from './mapped-files.js';
import type { WeightMemory } from './weight-memory.js';

/** float32's lowest value, which upstream adds to the scores of masked positions. */
const MASKED = -3.4028234663852886e38;

/** How weights get into ONNX Runtime: by way of memory, or of files. */
export interface WeightPaths {
  readonly memory: WeightMemory | undefined;
  readonly files: MappedFiles | undefined;
  readonly onRead: (bytes: number) => void;
}

/** Under this name a graph takes rows of a table that are counted outside of it. */
export function countedRows(step: EmbedStep, at: number): string {
  return `${step.output.name} rows ${at}`;
}

/** The name of an output in a graph, which cannot use one for an input and an output: stages take and give `hidden_state`. */
export function graphOutput(name: string): string {
  return `${name}_out`;
}

/**
 * One graph for a program. A step becomes the same operators wherever it stands, so that a pipeline gives the same
 * bits as one device. Whole numbers that are handed on do not pass through it.
 */
export async function buildGraph(
  program: Program,
  weights: WeightSource,
  paths: WeightPaths,
): Promise<{ model: Uint8Array; weightBytes: number }> {
  const lowering = new ProgramGraph(program, weights, paths);
  const { graph } = lowering;
  for (const { name, dtype, shape } of program.inputs) {
    graph.input(name, dtype as 'float32' | 'int32', shape);
    lowering.values.set(name, name);
  }
  for (const step of program.steps) lowering.values.set(step.output.name, await lowering.step(step));
  for (const output of program.outputs) if (output.dtype === 'float32') lowering.output(output);
  return { model: graph.build('stage'), weightBytes: lowering.weightBytes };
}

/** Reads weights in order and puts them into the graph; counts what it has read. */
class ProgramGraph {
  readonly graph: GraphBuilder;
  /** The graph's name of each input and of each step's value. */
  readonly values = new Map<string, string>();
  /** An input `[batch, sequence]`. */
  readonly #tokens: string;
  readonly #weights: WeightSource;
  readonly #files: MappedFiles | undefined;
  readonly #onRead: (bytes: number) => void;
  readonly #read = new Set<string>();
  #weightBytes = 0;

  constructor({ inputs }: Program, weights: WeightSource, { memory, files, onRead }: WeightPaths) {
    this.#tokens = inputs[0]!.name;
    this.graph = new GraphBuilder(memory);
    this.#weights = weights;
    this.#files = files;
    this.#onRead = onRead;
  }

  get weightBytes(): number {
    return this.#weightBytes;
  }

  async step(step: Step): Promise<string> {
    const { graph } = this;
    switch (step.op) {
      case 'embed':
        return this.#embed(step);
      case 'linear':
        return this.#linear(this.#value(step.input), step, step.activation);
      case 'norm':
        return this.#norm(this.#value(step.input), step);
      case 'attend':
        return this.#attend(step);
      case 'addNorm': {
        const projected = await this.#linear(this.#value(step.input), step);
        return this.#norm(graph.node('Add', [projected, this.#value(step.residual)]), step.norm);
      }
      case 'first':
        return graph.node('Squeeze', [this.#slice(this.#value(step.input), 0, 1), graph.int64s([1])]);
      case 'gather': {
        const at = graph.node('Cast', [step.positions], { to: { int: DTYPES.int64.onnx } });
        const indices = graph.node('Unsqueeze', [at, graph.int64s([2])]);
        return graph.node('GatherND', [this.#value(step.input), indices], { batch_dims: { int: 1 } });
      }
    }
  }

  output({ name, shape, of, column }: ProgramOutput): void {
    const { graph } = this;
    const value = this.values.get(of)!;
    const picked =
      column === undefined
        ? value
        : graph.node('Squeeze', [this.#slice(value, column, shape.length), graph.int64s([shape.length])]);
    graph.output(picked, graphOutput(name), 'float32', shape);
  }

  async #embed(step: EmbedStep): Promise<string> {
    let sum: string | undefined;
    for (const [at, lookup] of step.tables.entries()) {
      const rows = await this.#lookup(lookup, countedRows(step, at));
      sum = sum === undefined ? rows : this.graph.node('Add', [sum, rows]);
    }
    return sum!;
  }

  async #lookup({ table, rows }: Lookup, counted: string): Promise<string> {
    const { graph } = this;
    const values = await this.#parameter(table);
    switch (rows.by) {
      case 'ids':
        return graph.node('Gather', [values, rows.input]);
      case 'count':
        return graph.node('Gather', [values, graph.input(counted, 'int32', ['batch', 'sequence'])]);
      case 'place': {
        const length = graph.node('Shape', [this.#tokens], { start: { int: 1 }, end: { int: 2 } });
        return graph.node('Slice', [values, graph.int64s([0]), length, graph.int64s([0])]);
      }
      case 'row':
        return this.#slice(values, rows.row, 0);
    }
  }

  async #attend({ input, mask, heads, query, key, value }: AttendStep): Promise<string> {
    const projected = [];
    for (const part of [query, key, value]) projected.push(await this.#linear(this.#value(input), part));
    // The operator's fifth input, between the bias and the masks, is left out: its name is empty.
    return this.graph.contrib('MultiHeadAttention', [...projected, '', mask], {
      num_heads: { int: heads },
      mask_filter_value: { float: MASKED },
    });
  }

  /**
   * activation(x · Wᵀ + bias). Matrices stay as they are stored: a tied table, which an embedding of the same graph
   * reads as well, is not there a second time turned.
   */
  async #linear(x: string, { weight, bias }: LinearParameters, activation?: Activation): Promise<string> {
    const { graph } = this;
    const product = graph.contrib('FusedMatMul', [x, await this.#parameter(weight)], { transB: { int: 1 } });
    if (bias && (activation === 'gelu' || activation === 'gelu_new')) {
      const fused = activation === 'gelu' ? 'BiasGelu' : 'FastGelu';
      return graph.contrib(fused, [product, await this.#parameter(bias)]);
    }
    const sum = bias ? graph.node('Add', [product, await this.#parameter(bias)]) : product;
    switch (activation) {
      case undefined:
        return sum;
      case 'relu':
        return graph.node('Relu', [sum]);
      case 'tanh':
        return graph.node('Tanh', [sum]);
      case 'gelu':
        return graph.contrib('Gelu', [sum]);
      case 'gelu_new':
        return graph.contrib('FastGelu', [sum]);
    }
  }

  /**
   * Mean and variance in two passes: after 24 layers the error is an eighth smaller than with ONNX Runtime's own
   * LayerNormalization, and no difference in time could be measured (docs/executors.md).
   */
  async #norm(x: string, { weight, bias, epsilon }: NormParameters): Promise<string> {
    const { graph } = this;
    const overRow = { axes: { ints: [-1] }, keepdims: { int: 1 } };
    const centred = graph.node('Sub', [x, graph.node('ReduceMean', [x], overRow)]);
    const variance = graph.node('ReduceMean', [graph.node('Mul', [centred, centred])], overRow);
    const stable = graph.node('Add', [variance, graph.float32(epsilon)]);
    const normed = graph.node('Div', [centred, graph.node('Sqrt', [stable])]);
    const scaled = graph.node('Mul', [normed, await this.#parameter(weight)]);
    return graph.node('Add', [scaled, await this.#parameter(bias)]);
  }

  /** One place of an axis, which stays with the size 1. */
  #slice(x: string, at: number, axis: number): string {
    const { graph } = this;
    return graph.node('Slice', [x, graph.int64s([at]), graph.int64s([at + 1]), graph.int64s([axis])]);
  }

  #value({ name }: { readonly name: string }): string {
    return this.values.get(name)!;
  }

  /** A parameter as it is stored; asked for twice (a tied table), it is read once. */
  async #parameter({ name, shape }: TensorSpec): Promise<string> {
    if (this.#read.has(name)) return name;
    this.#read.add(name);
    const mapped = this.#files?.find(name, shape);
    if (mapped) {
      this.#count(mapped.place.bytes);
      return this.graph.mapped(name, shape, mapped.file, mapped.place);
    }
    const values = await this.#weights.tensor(name, shape);
    this.#count(values.byteLength);
    return this.graph.weight(name, shape, values);
  }

  #count(bytes: number): void {
    this.#weightBytes += bytes;
    this.#onRead(bytes);
  }
}
