import { afterAll, describe, expect, it } from 'vitest';
import { allCommands } from './commands.js';
import { ManyRuns } from './many-runs.js';

/** What a command needs beside the number: the least that it runs with. */
const ARGUMENTS: Readonly<Record<string, readonly string[]>> = {
  bench: ['--model', 'synthetic:bert-tiny', '--seq-len', '8', '--micro-batches', '2', '--no-single'],
  schedule: ['gpipe', '--stages', '2', '--micro-batches', '2'],
  'schedule compare': ['gpipe', '--stages', '2', '--micro-batches', '2'],
  profile: ['--model', 'synthetic:bert-tiny', '--seq-len', '8', '--micro-batch', '1', '--max-seconds', '1'],
  classify: ['--model', 'synthetic:bert-tiny', '--text', 'a'],
  answer: ['--model', 'synthetic:bert-tiny', '--question', 'a', '--context', 'b'],
  simulate: [],
  plan: [],
};
/** They say how long or where, and cost nothing by themselves. */
const FREE = ['--max-seconds', '--port', '--limit'];
const cases = (await allCommands())
  .filter(({ name }) => Object.hasOwn(ARGUMENTS, name))
  .flatMap(({ name, command }) =>
    command.options
      .filter(({ flags, long }) => /<[a-z](?:,…)?>/.test(flags) && !FREE.includes(long!))
      .map(({ long }) => ({ name, flag: long! })),
  );

const ABSURD = ['1000000000', '1e308', '-1', 'NaN', '0'];
const cli = new ManyRuns();
afterAll(() => cli.end());

describe.each(cases)('ipu-pipeline $name $flag', ({ name, flag }) => {
  it(
    'refuses an absurd number in the words of its user, or answers at once',
    { timeout: 30_000 },
    async () => {
      for (const value of ABSURD) {
        const { code, stderr } = await cli.run(
          [...name.split(' '), ...ARGUMENTS[name]!, flag, value],
          20_000,
        );
        expect(stderr).not.toMatch(/bug in ipu-pipeline|RangeError|\n\s+at /);
        expect([0, 2]).toContain(code);
        if (code === 2) expect(stderr).toMatch(/\S/);
      }
    },
  );
});
