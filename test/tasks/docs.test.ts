import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

/** Runs the nth JavaScript example of a page as a program of its own, as it stands. */
async function runExample(page: string, n: number, ...args: string[]): Promise<string> {
  const text = await readFile(join(root, 'docs', page), 'utf8');
  const examples = [...text.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code]) => code!);
  // Within the checkout, so that the package is found by its own name.
  const folder = await mkdtemp(join(root, 'dist/example-'));
  try {
    await writeFile(join(folder, 'example.mjs'), examples[n]!);
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'example.mjs'), ...args]);
    return stdout;
  } finally {
    await rm(folder, { recursive: true });
  }
}

it('docs/tasks.md answers a question in five lines', async () => {
  const text = (await runExample('tasks.md', 0)).trim();
  expect(text).not.toBe('');
  expect('The pipeline moves.').toContain(text);
});

it('docs/tasks.md streams inputs', async () => {
  expect(await runExample('tasks.md', 1)).toBe('one 128\n  the text is empty.\n');
});

it('docs/question-answering.md measures a SQuAD file', async () => {
  const folder = await mkdtemp(join(root, 'dist/example-'));
  try {
    const file = join(folder, 'small.json');
    const qas = [{ id: 'a', question: 'What moves?', answers: [{ text: 'The pipeline' }] }];
    const data = [{ paragraphs: [{ context: 'The pipeline moves.', qas }] }];
    await writeFile(file, JSON.stringify({ version: '1.1', data }));
    const stdout = await runExample('question-answering.md', 0, 'synthetic:bert-tiny', file);
    expect(stdout).toMatch(/^\{ exact_match: \d+, f1: [\d.]+ \}\n$/);
  } finally {
    await rm(folder, { recursive: true });
  }
});

it('a session that nobody closes does not keep the process alive', async () => {
  const folder = await mkdtemp(join(root, 'dist/example-'));
  try {
    const code = `
      import { openSession } from 'ipu-pipeline';
      const session = await openSession({ model: 'synthetic:bert-tiny', task: 'embed' });
      console.log((await session.submit({ text: 'one' })).tokens);`;
    await writeFile(join(folder, 'open.mjs'), code);
    const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'open.mjs')], {
      timeout: 30_000,
    });
    expect(stdout).toBe('3\n');
  } finally {
    await rm(folder, { recursive: true });
  }
});
