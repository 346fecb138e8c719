import { execFile } from 'node:child_process';
import { access, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
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

describe('docs/concepts.md', () => {
  it('shows what the commands print', { timeout: 60_000 }, async () => {
    const page = await readFile(join(root, 'docs/concepts.md'), 'utf8');
    const shown = [...page.matchAll(/```\n\$ ipu-pipeline (.*)\n([\s\S]*?)```/g)];
    expect(shown.length).toBeGreaterThan(3);
    for (const [, args, expected] of shown) {
      const cli = join(root, 'dist/src/cli/main.js');
      const { stdout } = await promisify(execFile)(process.execPath, [cli, ...args!.split(' ')]);
      expect(stdout).toBe(expected);
    }
  });
});

describe('the documents', () => {
  it('link to files and headings that exist', async () => {
    const names = (await readdir(join(root, 'docs'))).filter((name) => name.endsWith('.md'));
    for (const name of names) {
      const page = await readFile(join(root, 'docs', name), 'utf8');
      for (const [, link = ''] of page.matchAll(/\]\((?!https?:)([^)\s]+)\)/g)) {
        const [path = '', heading] = link.split('#');
        await access(join(root, 'docs', path));
        if (heading === undefined) continue;
        const target = path === '' ? page : await readFile(join(root, 'docs', path), 'utf8');
        expect(headingsOf(target), `${name}: ${link}`).toContain(heading);
      }
    }
  });
});

/** As GitHub names them. */
function headingsOf(page: string): string[] {
  return [...page.matchAll(/^#+ (.*)$/gm)].map(([, text = '']) =>
    text
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}
