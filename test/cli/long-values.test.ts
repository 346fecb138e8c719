import { describe, expect, it } from 'vitest';
import { allCommands } from './commands.js';
import { ipuPipeline } from './run.js';

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

describe.each(typed)('a value of 100,000 characters: %s of ipu-pipeline %s', (option, name) => {
  it('is refused, and not repeated', { timeout: 20_000 }, async () => {
    const value = 'x'.repeat(100_000);
    const { code, stdout, stderr } = await ipuPipeline(
      ...name.split(' '),
      ...(option ? [option] : []),
      value,
    );
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(/\S/);
    expect(stderr.length).toBeLessThan(2000);
  });
});
