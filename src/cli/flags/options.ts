import { InvalidArgumentError } from 'commander';

/** Parser of a whole number with a lower bound, for commander: a bad value names the option and the value. */
export function wholeNumber(atLeast: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (!/^[+-]?\d+$/.test(text.trim()) || !Number.isSafeInteger(value) || value < atLeast) {
      throw new InvalidArgumentError(`It must be a whole number of at least ${atLeast}.`);
    }
    return value;
  };
}

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
