import { describe, expect, it } from 'vitest';
import { allCommands } from './commands.js';
import { ipuPipeline } from './run.js';

/** What a command needs beside the number: the least that it runs with. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  bench: ['--model', 'synthetic:bert-tiny', '--seq-len', '8', '--micro-batches', '2', '--no-single'],
  schedule: ['gpipe', '--stages', '2', '--micro-batches', '2'],
  simulate: [],
  plan: [],
};
/** They say how long or where, and cost nothing by themselves. */
const FREE = ['--max-seconds', '--port', '--limit'];
const flagsOf = (name: string): string[] =>
  allCommands()
    .find((each) => each.name === name)!
    .command.options.filter(({ flags, long }) => /<[a-z](?:,…)?>/.test(flags) && !FREE.includes(long!))
    .map(({ long }) => long!);

// `plan` has the flags of `simulate`, from one table: only its own are tried.
const cases = Object.keys(ARGUMENTS).flatMap((name) =>
  flagsOf(name)
    .filter((flag) => name !== 'plan' || !flagsOf('simulate').includes(flag))
    .map((flag) => ({ name, flag })),
);

describe.each(cases)('ipu-pipeline $name $flag', ({ name, flag }) => {
  it(
    'refuses an absurd number in the words of its user, or answers at once',
    { timeout: 20_000 },
    async () => {
      const runs = ['1000000000', '1e308', '-1', 'NaN', '0'].map((value) =>
        ipuPipeline(...name.split(' '), ...ARGUMENTS[name]!, flag, value),
      );
      for (const { code, stderr } of await Promise.all(runs)) {
        expect(stderr).not.toMatch(/bug in ipu-pipeline|RangeError|\n\s+at /);
        expect([0, 2]).toContain(code);
        if (code === 2) expect(stderr).toMatch(/\S/);
      }
    },
  );
});
