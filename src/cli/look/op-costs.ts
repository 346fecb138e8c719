import { InvalidArgumentError } from 'commander';
import { InputError } from '../../../ipu-config/base/errors.js';
import { COST_NAMES, opCosts, type CostName, type OpCosts } from '../../../pipeline/simulate/op-costs.js';
import { figure } from '../../../ipu-config/base/format.js';
import { short } from '../../../ipu-config/base/json-text.js';

const NS_PER: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, ms: 1e6, s: 1e9 };
/** A unit of a cost without a name is simulated as so many nanoseconds, so that fractions of it stay whole. */
const NS_PER_UNIT = 1e6;

/** Costs of `--costs`: in nanoseconds when they were given with units, else in units of the user's own. */
export interface CostTable {
  readonly text: string;
  readonly costs: OpCosts;
  readonly nsPerUnit: number;
  readonly isTime: boolean;
}

/** Parser of `F=1,B=2,W=1` or `F=1.2ms,B=2.5ms`, for commander. */
export function costTable(text: string): CostTable {
  const given: Partial<Record<CostName, number>> = {};
  const units = new Set<string>();
  for (const part of text.split(',')) {
    const [, op, digits, unit = ''] =
      /^\s*(\w+)\s*=\s*(\d+(?:\.\d*)?|\.\d+)\s*(\p{L}*)\s*$/u.exec(part) ?? [];
    if (op === undefined)
      throw new InvalidArgumentError(`"${short(part)}" is no cost; write F=1 or F=1.2ms.`);
    const name = COST_NAMES.find((each) => each === op.toUpperCase());
    if (name === undefined) {
      throw new InvalidArgumentError(`there is no op ${short(op)}; there are ${COST_NAMES.join(', ')}.`);
    }
    if (unit !== '' && !Object.hasOwn(NS_PER, unit)) {
      throw new InvalidArgumentError(`"${short(unit)}" is no unit of time; there are ns, us, ms and s.`);
    }
    if (given[name] !== undefined) throw new InvalidArgumentError(`${name} has two costs.`);
    // A cost of nothing is nothing in every unit.
    if (Number(digits) !== 0) units.add(unit === '' ? 'none' : 'time');
    given[name] = Number(digits) * (NS_PER[unit] ?? 1);
  }
  if (units.size > 1) throw new InvalidArgumentError('give all costs with a unit of time, or none.');
  const isTime = units.has('time');
  try {
    return { text, costs: opCosts(given), nsPerUnit: isTime ? 1 : NS_PER_UNIT, isTime };
  } catch (error) {
    if (error instanceof InputError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** One unit for a forward and for each half of a backward, two for a whole one. */
export const DEFAULT_COSTS: CostTable = costTable('F=1,B=2,I=1,W=1');

/** A simulated time in the unit of the costs. */
export function inCostUnit({ isTime, nsPerUnit }: CostTable, ns: number): number {
  return isTime ? ns : ns / nsPerUnit;
}

export function costText(table: CostTable, ns: number): string {
  if (!table.isTime) return figure(inCostUnit(table, ns));
  const unit = ns >= 1e9 ? 's' : ns >= 1e6 ? 'ms' : ns >= 1e3 ? 'us' : 'ns';
  return `${figure(ns / NS_PER[unit]!)} ${unit}`;
}
