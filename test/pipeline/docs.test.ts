import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseCsv, SCHEDULES, validateSchedule } from 'ipu-pipeline/schedules';
import { describe, expect, it } from 'vitest';
import { ipuPipeline } from '../cli/run.js';

const page = await readFile(join(import.meta.dirname, '../../docs/schedules.md'), 'utf8');

describe('docs/schedules.md', () => {
  it('has commands that work, and the table that compare prints', async () => {
    const commands = [...page.matchAll(/^ {4}ipu-pipeline (schedule .*)$/gm)]
      .map(([, args]) => args!)
      .filter((args) => !/[A-Z]{4}\.csv|\[/.test(args));
    expect(commands.length).toBeGreaterThanOrEqual(3);
    for (const args of commands) {
      const { code, stdout, stderr } = await ipuPipeline(...args.split(' '));
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      if (args.startsWith('schedule compare')) expect(page).toContain(stdout);
    }
  });

  it('shows the message of a deadlock as it is', () => {
    const text = '0F0,0B0,0F1,0B1\n1F0,1F1,1B0,1B1\n';
    const shown = /```\n(the schedule x\.csv never ends:[^`]*)\n```/.exec(page)?.[1];
    expect(() => validateSchedule(parseCsv('x.csv', text))).toThrow(shown!);
    expect(shown).toContain('they wait in a circle');
  });

  it('names every schedule', () => {
    for (const { name, isTraining } of SCHEDULES) {
      if (isTraining) expect(page).toMatch(new RegExp(`^\\| \`${name}\` +\\|`, 'm'));
    }
  });
});
