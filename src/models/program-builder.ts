import type { TensorSpec } from '../../ipu-config/base/tensor-spec.js';
import {
  columnsOf,
  type Activation,
  type Dimension,
  type LinearParameters,
  type Lookup,
  type NormParameters,
  type Step,
  type Value,
} from './steps.js';

/** Names of one linear layer's parameters. */
export function linearAt(name: string, outputs: number, inputs: number): Required<LinearParameters> {
  return {
    weight: { name: `${name}.weight`, shape: [outputs, inputs] },
    bias: { name: `${name}.bias`, shape: [outputs] },
  };
}

/** A table of embeddings, or a decoder that is tied to one. */
export function tableAt(name: string, rows: number, columns: number): TensorSpec {
  return { name: `${name}.weight`, shape: [rows, columns] };
}

export function normAt(name: string, size: number, epsilon: number): NormParameters {
  const of = (part: string): TensorSpec => ({ name: `${name}.${part}`, shape: [size] });
  return { weight: of('weight'), bias: of('bias'), epsilon };
}

/** Steps in the making: each call adds one and gives its value. */
export class ProgramBuilder {
  readonly steps: Step[] = [];

  embed(name: string, tables: readonly Lookup[]): Value {
    const output = this.#value(name, ['batch', 'sequence', tables[0]!.table.shape[1]!]);
    return this.#add({ op: 'embed', name, tables, output });
  }

  linear(name: string, input: Value, parameters: LinearParameters, activation?: Activation): Value {
    const output = this.#rowsOf(name, input, parameters.weight.shape[0]!);
    return this.#add({
      op: 'linear',
      name,
      input,
      ...parameters,
      ...(activation ? { activation } : {}),
      output,
    });
  }

  norm(name: string, input: Value, parameters: NormParameters, boundary?: true): Value {
    const output = this.#rowsOf(name, input, columnsOf(input));
    return this.#add({ op: 'norm', name, input, ...parameters, output, ...(boundary ? { boundary } : {}) });
  }

  /** @param at the layers of query, key and value */
  attend(name: string, input: Value, heads: number, at: readonly [string, string, string]): Value {
    const size = columnsOf(input);
    const [query, key, value] = at.map((layer) => linearAt(layer, size, size)) as [
      LinearParameters,
      LinearParameters,
      LinearParameters,
    ];
    const output = this.#rowsOf(name, input, size);
    return this.#add({ op: 'attend', name, input, mask: 'attention_mask', heads, query, key, value, output });
  }

  addNorm(
    name: string,
    input: Value,
    residual: Value,
    { linear, norm, boundary }: { linear: LinearParameters; norm: NormParameters; boundary?: true },
  ): Value {
    const output = this.#rowsOf(name, input, columnsOf(residual));
    const end = boundary ? { boundary } : {};
    return this.#add({ op: 'addNorm', name, input, residual, ...linear, norm, output, ...end });
  }

  first(name: string, input: Value): Value {
    const output = this.#value(name, [input.shape[0]!, columnsOf(input)]);
    return this.#add({ op: 'first', name, input, output });
  }

  /** @param positions an int32 input `[batch, picked]` */
  gather(name: string, input: Value, positions: string): Value {
    const output = this.#value(name, [input.shape[0]!, 'picked', columnsOf(input)]);
    return this.#add({ op: 'gather', name, input, positions, output });
  }

  #rowsOf(name: string, { shape }: Value, columns: number): Value {
    return this.#value(name, [...shape.slice(0, -1), columns]);
  }

  #value(name: string, shape: readonly Dimension[]): Value {
    return { name: `${name} ${this.steps.length}`, shape };
  }

  #add(step: Step): Value {
    this.steps.push(step);
    return step.output;
  }
}
