import { InvalidArgumentError, Option } from 'commander';
import { headSpelt } from '../../hardware/names.js';

/** `--head` with these choices, in any spelling: pretraining is pre-training. */
export function headOption(description: string, heads: readonly string[]): Option {
  return new Option('--head <head>', description).choices(heads).argParser((name) => {
    const found = headSpelt(name, heads);
    if (found === undefined) throw new InvalidArgumentError(`Allowed choices are ${heads.join(', ')}.`);
    return found;
  });
}
