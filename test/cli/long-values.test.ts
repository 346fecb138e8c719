import { afterAll, describe, expect, it } from 'vitest';
import { allCommands } from './commands.js';
import { ManyRuns } from './many-runs.js';

/** Each option once: the same one is read alike by every command. */
const options = new Map(
  (await allCommands()).flatMap(({ name, command }) =>
    command.options.filter(({ flags }) => flags.includes('<')).map(({ long }) => [long!, name] as const),
  ),
);
const typed = [
  ...options,
  ...['schedule', 'schedule compare', 'config show'].map((name) => ['', name] as const),
];

const cli = new ManyRuns();
afterAll(() => cli.end());

describe.each(typed)('a value of 100,000 characters: %s of ipu-pipeline %s', (option, name) => {
  it('is refused, and not repeated', { timeout: 30_000 }, async () => {
    const value = 'x'.repeat(100_000);
    const args = [...name.split(' '), ...(option ? [option] : []), value];
    const { code, stdout, stderr } = await cli.run(args, 20_000);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/\S/);
    expect(stderr.length).toBeLessThan(2000);
  });
});
