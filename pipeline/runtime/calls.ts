import { InputError } from '../../ipu-config/base/errors.js';
import type { Tensor } from '../../ipu-config/base/tensor.js';
import type { RunResult } from './result-queue.js';

/**
 * What a call returns of its micro-batches (poptorch.OutputMode): `all` of them; the `final` one of each replica;
 * the `sum` of each replica's, element by element; of each replica those with the numbers N-1, 2N-1, …
 * `default` is `all`, as PopTorch has it for inference.
 */
export type CallOutputMode = 'all' | 'final' | 'sum' | 'default' | { readonly everyN: number };

/** What a call of `deviceIterations × replicas` micro-batches returned. */
export interface CallResult {
  /** Number of the call, from 0. */
  readonly call: number;
  /** In the order of the inputs. A sum has the number and the times of the last micro-batch in it. */
  readonly results: readonly RunResult[];
  /** Micro-batches that were run: fewer than a whole call when the input ended within it. */
  readonly microBatches: number;
}

interface CallShape {
  readonly deviceIterations: number;
  readonly replicas: number;
}

/** @throws InputError when the mode is none, or N does not fit the calls. */
export function checkOutputMode(mode: unknown, { deviceIterations }: CallShape): CallOutputMode {
  if (mode === 'all' || mode === 'final' || mode === 'sum' || mode === 'default') return mode;
  const everyN =
    typeof mode === 'object' && mode !== null ? (mode as { everyN?: unknown }).everyN : undefined;
  if (everyN === undefined) {
    throw new InputError(
      `outputMode is ${JSON.stringify(mode)}; give 'all', 'final', 'sum', 'default' or {everyN: N}`,
    );
  }
  if (
    !Number.isSafeInteger(everyN) ||
    (everyN as number) < 1 ||
    deviceIterations % (everyN as number) !== 0
  ) {
    throw new InputError(
      `everyN is ${JSON.stringify(everyN)}; give a divisor of the ${deviceIterations} device iterations of a call`,
    );
  }
  return { everyN: everyN as number };
}

/** Groups results into calls and keeps of each call what its output mode returns. */
export class CallCollector {
  readonly #mode: CallOutputMode;
  readonly #shape: CallShape;
  #kept: RunResult[] = [];
  #microBatches = 0;
  #call = 0;

  constructor(mode: CallOutputMode, shape: CallShape) {
    this.#mode = mode;
    this.#shape = shape;
  }

  /** @returns the call when this result was its last. */
  add(result: RunResult): CallResult | undefined {
    this.#call = result.call;
    this.#keep(result, Math.floor(this.#microBatches / this.#shape.replicas));
    this.#microBatches++;
    return this.#microBatches === this.#shape.deviceIterations * this.#shape.replicas
      ? this.rest()
      : undefined;
  }

  /** The call that the end of the input cut short, if one was begun. */
  rest(): CallResult | undefined {
    if (this.#microBatches === 0) return undefined;
    const results = this.#kept.sort((a, b) => a.index - b.index);
    const call = { call: this.#call, results, microBatches: this.#microBatches };
    this.#kept = [];
    this.#microBatches = 0;
    return call;
  }

  #keep(result: RunResult, deviceIteration: number): void {
    const mode = this.#mode;
    if (mode === 'all' || mode === 'default') {
      this.#kept.push(result);
    } else if (typeof mode === 'object') {
      if ((deviceIteration + 1) % mode.everyN === 0) this.#kept.push(result);
    } else {
      const before = this.#kept.findIndex(({ replica }) => replica === result.replica);
      const [earlier] = before < 0 ? [] : this.#kept.splice(before, 1);
      this.#kept.push(mode === 'final' || earlier === undefined ? result : added(earlier, result));
    }
  }
}

/** Element by element in the tensors' own type, in the order of the micro-batches. */
function added(sum: RunResult, next: RunResult): RunResult {
  const tensors = next.tensors.map((tensor, position): Tensor => {
    const other = sum.tensors[position];
    if (other?.dtype !== tensor.dtype || other.shape.join() !== tensor.shape.join()) {
      throw new InputError(
        `outputs of micro-batches ${sum.index} and ${next.index} cannot be summed: ` +
          `${tensor.name} has shape [${other?.shape.join(', ')}] and then [${tensor.shape.join(', ')}]`,
      );
    }
    const total = tensor.data;
    for (let e = 0; e < total.length; e++) total[e] = (total[e] ?? 0) + (other.data[e] ?? 0);
    return tensor;
  });
  return { ...next, tensors };
}
