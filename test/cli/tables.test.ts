import { describe, expect, it } from 'vitest';
import { ipuPipelineWith } from './run.js';

const COMMANDS = [
  ['simulate', '--config', 'bert-large-ipu'],
  ['plan', '--config', 'bert-large-ipu'],
  ['sweep', '--config', 'bert-large-ipu', '--vary', 'microBatch=1,2,4'],
];

const isOfTable = (line: string): boolean => /^[┌├│└]/u.test(line);

/** Cells of a table in the order of the text, without the first column, which is repeated. */
function cells(text: string): string[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('│'))
    .flatMap((line) => line.split('│').slice(2, -1))
    .flatMap((cell) => cell.trim().split(/\s+/))
    .filter((word) => word !== '')
    .sort();
}

describe.each(COMMANDS)('the tables of %s %s', (...args) => {
  it.each([80, 60])('fit into %i columns, and lose nothing', async (columns) => {
    const [wide, narrow] = await Promise.all([
      ipuPipelineWith({}, ...args),
      ipuPipelineWith({ COLUMNS: `${columns}` }, ...args),
    ]);
    expect(narrow.code).toBe(0);
    const tables = narrow.stdout.split('\n').filter(isOfTable);
    for (const line of tables) expect([...line].length).toBeLessThanOrEqual(columns);
    expect(cells(narrow.stdout)).toEqual(cells(wide.stdout));
  });
});

it('the tables of config show fit, with every attribute and note', async () => {
  const [wide, narrow] = await Promise.all([
    ipuPipelineWith({}, 'config', 'show', 'bert-large-ipu'),
    ipuPipelineWith({ COLUMNS: '80' }, 'config', 'show', 'bert-large-ipu'),
  ]);
  const attributes = (text: string): string => text.slice(text.indexOf('used by the simulator'));
  for (const line of attributes(narrow.stdout).split('\n')) expect([...line].length).toBeLessThanOrEqual(80);
  const words = (text: string): Set<string> => new Set(attributes(text).split(/\s+/));
  expect(words(narrow.stdout)).toEqual(words(wide.stdout));
});

it('numbers stand right', async () => {
  const { stdout } = await ipuPipelineWith({}, 'simulate', '--config', 'bert-large-ipu');
  expect(stdout).toMatch(/│   0 │ \d+ MiB │ +\d+ % │/);
});
