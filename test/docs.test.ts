import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '..');

describe('the README', () => {
  it('has a library example that runs as it stands', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const [, example = ''] = /```js\n([\s\S]*?)```/.exec(readme) ?? [];
    // Within the checkout, so that the package is found by its own name.
    const folder = await mkdtemp(join(root, 'dist/example-'));
    try {
      await writeFile(join(folder, 'example.mjs'), example);
      const { stdout } = await promisify(execFile)(process.execPath, [join(folder, 'example.mjs')]);
      // The weights are generated: some part of the context is the answer.
      const answer = stdout.trim();
      expect(answer).not.toBe('');
      expect('The pipeline moves.').toContain(answer);
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it('links to files that exist', async () => {
    const readme = await readFile(join(root, 'README.md'), 'utf8');
    const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link!);
    expect(links.length).toBeGreaterThan(5);
    for (const link of links) await expect(readFile(join(root, link))).resolves.toBeDefined();
  });
});
