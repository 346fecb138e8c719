import type { Tensor } from '../../../ipu-config/base/tensor.js';
import { sized, type Program, type ProgramOutput } from '../../models/program.js';
import {
  columnsOf,
  type AttendStep,
  type EmbedStep,
  type LinearParameters,
  type NormParameters,
  type Step,
  type Value,
} from '../../models/steps.js';
import type { TensorSpec } from '../../../ipu-config/base/tensor-spec.js';
import type { StageInputs } from '../stage-inputs.js';
import { tableRows } from '../table-rows.js';
import { ACTIVATIONS } from './activation.js';
import { attention } from './attention.js';
import { add, layerNorm, linear, map, matrix, rounded, type Matrix } from './matrix.js';

/** Computes a program as upstream's eager code would, over matrices that have the rows of a value. */
export function runProgram(
  program: Program,
  weights: ReadonlyMap<string, Float32Array>,
  inputs: StageInputs,
): Tensor[] {
  const run = new ProgramRun(weights, inputs);
  for (const input of program.inputs) if (input.dtype === 'float32') run.load(input);
  for (const step of program.steps) run.step(step);
  return program.outputs.map((output) => run.output(output));
}

class ProgramRun {
  readonly #weights: ReadonlyMap<string, Float32Array>;
  readonly #inputs: StageInputs;
  readonly #values = new Map<string, Matrix>();

  constructor(weights: ReadonlyMap<string, Float32Array>, inputs: StageInputs) {
    this.#weights = weights;
    this.#inputs = inputs;
  }

  load(input: Value): void {
    const { data } = this.#inputs.tensors.get(input.name)!;
    const columns = columnsOf(input);
    this.#values.set(input.name, matrix(data.length / columns, columns, Float64Array.from(data)));
  }

  step(step: Step): void {
    const result = this.#compute(step);
    // A cut model hands on float32: the same is done wherever it could be cut, so that cutting changes no bit.
    const value = step.boundary ? { ...result, data: Float64Array.from(rounded(result)) } : result;
    this.#values.set(step.output.name, value);
  }

  output({ name, shape, of, column }: ProgramOutput): Tensor {
    const { tensors, sizes } = this.#inputs;
    const given = tensors.get(of);
    if (given) return { ...given, name, data: given.data.slice() } as Tensor;
    const value = this.#values.get(of)!;
    const data = rounded(value);
    return {
      ...{ name, dtype: 'float32', shape: sized(shape, sizes) },
      data: column === undefined ? data : data.filter((_, at) => at % value.columns === column),
    };
  }

  #compute(step: Step): Matrix {
    switch (step.op) {
      case 'embed':
        return this.#embed(step);
      case 'linear': {
        const y = this.#linear(this.#value(step.input), step);
        return step.activation ? map(y, ACTIVATIONS[step.activation]) : y;
      }
      case 'norm':
        return this.#norm(this.#value(step.input), step);
      case 'attend':
        return this.#attend(step);
      case 'addNorm': {
        const projected = this.#linear(this.#value(step.input), step);
        return this.#norm(add(projected, this.#value(step.residual)), step.norm);
      }
      case 'first':
        return this.#pick(this.#value(step.input), new Int32Array(this.#inputs.sizes['batch']!));
      case 'gather':
        return this.#pick(this.#value(step.input), this.#ints(step.positions));
    }
  }

  #embed({ tables, output }: EmbedStep): Matrix {
    const { batch, sequence } = this.#inputs.sizes as { batch: number; sequence: number };
    const columns = columnsOf(output);
    const sum = matrix(batch * sequence, columns);
    for (const { table, rows } of tables) {
      const values = this.#get(table);
      tableRows(rows, this.#inputs).forEach((row, at) => {
        for (let c = 0; c < columns; c++) sum.data[at * columns + c]! += values[row * columns + c]!;
      });
    }
    return sum;
  }

  #attend({ input, mask, heads, query, key, value }: AttendStep): Matrix {
    const hidden = this.#value(input);
    const [q, k, v] = [query, key, value].map((part) => this.#linear(hidden, part)) as [
      Matrix,
      Matrix,
      Matrix,
    ];
    const { batch, sequence } = this.#inputs.sizes as { batch: number; sequence: number };
    return attention({ query: q, key: k, value: v }, this.#ints(mask), { batch, sequence, heads });
  }

  /** Rows of each row of the batch, by their positions `[batch, …]`. */
  #pick(x: Matrix, positions: Int32Array): Matrix {
    const { batch, sequence } = this.#inputs.sizes as { batch: number; sequence: number };
    const perRow = positions.length / batch;
    const picked = matrix(positions.length, x.columns);
    positions.forEach((position, at) => {
      const from = (Math.floor(at / perRow) * sequence + position) * x.columns;
      picked.data.set(x.data.subarray(from, from + x.columns), at * x.columns);
    });
    return picked;
  }

  #linear(x: Matrix, { weight, bias }: LinearParameters): Matrix {
    return linear(x, this.#get(weight), bias && this.#get(bias));
  }

  #norm(x: Matrix, { weight, bias, epsilon }: NormParameters): Matrix {
    return layerNorm(x, this.#get(weight), this.#get(bias), epsilon);
  }

  #value({ name }: Value): Matrix {
    return this.#values.get(name)!;
  }

  #ints(name: string): Int32Array {
    return this.#inputs.tensors.get(name)!.data as Int32Array;
  }

  #get({ name }: TensorSpec): Float32Array {
    return this.#weights.get(name)!;
  }
}
