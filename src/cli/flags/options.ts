import { InvalidArgumentError } from 'commander';

/**
 * Parser of a whole number within bounds, for commander: a bad value names the option and the value.
 * @param atMost where more would be asked of the machine than it has, and of its user than patience
 */
export function wholeNumber(atLeast: number, atMost = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return (text) => {
    const value = Number(text);
    const isWhole = /^[+-]?\d+$/.test(text.trim()) && Number.isSafeInteger(value);
    if (isWhole && value >= atLeast && value <= atMost) return value;
    const most = isWhole && value >= atLeast ? `, and ${atMost} at most` : '';
    throw new InvalidArgumentError(`It must be a whole number of at least ${atLeast}${most}.`);
  };
}

/** The most rows of a micro-batch, threads of a stage, …: far more than pays, and less than takes all memory. */
export const MOST = { rows: 4096, threads: 1024, slots: 4096, microBatches: 1_000_000 } as const;

/** Parser of one of a few words. */
export function oneOf<T extends string>(...choices: readonly T[]): (text: string) => T {
  return (text) => {
    const found = choices.find((choice) => choice === text);
    if (!found) throw new InvalidArgumentError(`It must be one of ${choices.join(', ')}.`);
    return found;
  };
}

/** Parser of a number, for commander. */
export function finiteNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('It must be a number.');
  return value;
}
