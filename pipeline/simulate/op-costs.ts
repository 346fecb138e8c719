import { InputError } from '../../ipu-config/base/errors.js';
import type { Action } from '../schedule/action.js';
import { OPS, type Op } from '../schedule/op-table.js';

/** An op, or the pair of actions that torch writes as `OVERLAP_F_B`. */
export type CostName = Op | 'OVERLAP_F_B';
export const COST_NAMES: readonly CostName[] = [...OPS, 'OVERLAP_F_B'];

/** What each op costs, in any unit; a pair without a cost of its own takes the sum of its actions. */
export type OpCosts = Readonly<Record<Op, number>> & { readonly OVERLAP_F_B?: number };

/**
 * Costs of all ops from those that are known. A whole backward is its two halves: B = I + W, and whichever of the
 * three is missing follows from the others; B alone halves evenly, and of I and W alone the other is the same. With no
 * backward at all B = 2F, with no forward F = B/2. Transfers and whole-stage ops cost nothing unless they are given.
 * @throws InputError when no cost of F, B, I or W is given, one is no number from 0, or a half comes out negative
 */
export function opCosts(given: Partial<Record<CostName, number>>): OpCosts {
  for (const [op, cost] of Object.entries(given)) {
    if (!(cost >= 0 && Number.isFinite(cost))) {
      throw new InputError(`the cost of ${op} is ${cost}; give a number from 0.`);
    }
  }
  const forward = given.F ?? wholeBackward(given, 0) / 2;
  if (given.F === undefined && given.B === undefined && given.I === undefined && given.W === undefined) {
    throw new InputError('costs need at least one of F, B, I and W, like F=1,B=2.');
  }
  const B = wholeBackward(given, 2 * forward);
  const I = given.I ?? (given.W === undefined ? B / 2 : B - given.W);
  const W = given.W ?? B - I;
  for (const [half, cost, other] of [['I', I, 'W'] as const, ['W', W, 'I'] as const]) {
    if (cost >= 0) continue;
    throw new InputError(
      `${half} = B − ${other} comes out as ${cost}: ${other} costs more than the whole backward; give ${half} too.`,
    );
  }
  const free = Object.fromEntries(OPS.map((op) => [op, given[op] ?? 0])) as Record<Op, number>;
  const pair = given.OVERLAP_F_B === undefined ? {} : { OVERLAP_F_B: given.OVERLAP_F_B };
  return { ...free, F: forward, B, I, W, ...pair };
}

function wholeBackward({ B, I, W }: Partial<Record<CostName, number>>, otherwise: number): number {
  if (B !== undefined) return B;
  if (I === undefined && W === undefined) return otherwise;
  return (I ?? W!) + (W ?? I!);
}

/** The costs in the form that `simulate` takes: whole nanoseconds, `nsPerUnit` of them to a unit. */
export function costsInNs(
  costs: OpCosts,
  nsPerUnit: number,
): { costNs: (stage: number, op: Op) => number; overlapNs?: (actions: readonly Action[]) => number } {
  const ns = (cost: number): number => Math.round(cost * nsPerUnit);
  const pair = costs.OVERLAP_F_B;
  return {
    costNs: (_stage, op) => ns(costs[op]),
    ...(pair === undefined ? {} : { overlapNs: () => ns(pair) }),
  };
}
