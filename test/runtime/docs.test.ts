import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

it('The example of docs/runtime.md does what it says', async () => {
  const text = await readFile(join(root, 'docs/runtime.md'), 'utf8');
  const folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-docs-'));
  try {
    const files = [...text.matchAll(/```js\n\/\/ (\S+)\n(.*?)```/gs)];
    expect(files.map(([, name]) => name)).toEqual(['scale.mjs', 'main.mjs']);
    for (const [, name, code] of files) await writeFile(join(folder, String(name)), String(code));
    await mkdir(join(folder, 'node_modules'));
    await symlink(root, join(folder, 'node_modules/ipu-pipeline'));
    const { stdout } = await promisify(execFile)(process.execPath, ['main.mjs'], {
      cwd: folder,
      timeout: 30_000,
    });
    const [, said = ''] = /^prints (.*)\.$/m.exec(text) ?? [];
    expect(stdout.trim().split('\n')).toEqual([...said.matchAll(/`(.*?)`/g)].map(([, line]) => line));
  } finally {
    await rm(folder, { recursive: true });
  }
});
