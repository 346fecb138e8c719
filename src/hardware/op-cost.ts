import type { ChipSpec } from './hardware.js';
import { planMatmul, type Matmul, type MatmulSettings } from './matmul.js';

export type OpKind = 'matmul' | 'elementwise' | 'exchange';

/** One operation of a stage on one IPU. */
export interface OpCost {
  readonly name: string;
  readonly kind: OpKind;
  readonly cycles: number;
  /** Multiplications and additions of matmuls; 0 for the rest. */
  readonly flops: number;
  /** What the operation takes of a tile's memory while it runs. */
  readonly temporaryBytesPerTile: number;
  /** Part of backward that no earlier stage waits for: gradients of weights. */
  readonly isWeightGradient?: true;
}

/** Marks work as a gradient of weights. */
export function toWeights(op: OpCost): OpCost {
  return { ...op, isWeightGradient: true };
}

/** A compute set reads two operands and writes one. */
const STREAMS_PER_COMPUTE_SET = 3;

/** Makes the costs of one IPU's operations; `proportion` is its share for matmul temporaries. */
export class OpCosts {
  readonly #chip: ChipSpec;
  readonly #settings: MatmulSettings;

  constructor(chip: ChipSpec, settings: MatmulSettings) {
    this.#chip = chip;
    this.#settings = settings;
  }

  get bytesPerElement(): number {
    return this.#settings.precision === 'float16' ? 2 : 4;
  }

  matmul(name: string, matmul: Matmul): OpCost {
    const { cycles, bytesPerTile } = planMatmul(matmul, this.#settings, this.#chip);
    const { groups, rows, inner, columns } = matmul;
    const flops = 2 * groups * rows * inner * columns;
    return { name, kind: 'matmul', cycles, flops, temporaryBytesPerTile: bytesPerTile };
  }

  /** Work on each element of a tensor; `streams` counts how often an element is read or written. */
  elementwise(name: string, elements: number, streams: number): OpCost {
    const { tiles, loadBytesPerCycle, vectorEfficiency, launchCycles, internalSyncCycles } = this.#chip;
    const perTile = Math.ceil(elements / tiles) * this.bytesPerElement;
    const computeSets = Math.ceil(streams / STREAMS_PER_COMPUTE_SET);
    const cycles =
      (perTile * streams) / (loadBytesPerCycle * vectorEfficiency) +
      computeSets * (launchCycles + internalSyncCycles);
    return { name, kind: 'elementwise', cycles, flops: 0, temporaryBytesPerTile: perTile };
  }

  /** A tensor goes to other tiles: a transpose, a split into heads, a gather of rows. */
  exchange(name: string, elements: number): OpCost {
    const { tiles, exchangeBytesPerCycle, internalSyncCycles, launchCycles } = this.#chip;
    const perTile = Math.ceil(elements / tiles) * this.bytesPerElement;
    const cycles = perTile / exchangeBytesPerCycle + internalSyncCycles + launchCycles;
    return { name, kind: 'exchange', cycles, flops: 0, temporaryBytesPerTile: perTile };
  }
}

export function sumCycles(ops: readonly OpCost[]): number {
  return ops.reduce((sum, { cycles }) => sum + cycles, 0);
}

export function sumFlops(ops: readonly OpCost[]): number {
  return ops.reduce((sum, { flops }) => sum + flops, 0);
}
