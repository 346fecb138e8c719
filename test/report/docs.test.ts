import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { transform } from 'esbuild';
import { expect, it } from 'vitest';

const root = resolve(import.meta.dirname, '../..');

it('docs/report.md has an example that runs as it stands', async () => {
  const text = await readFile(join(root, 'docs/report.md'), 'utf8');
  const [, example = ''] = /```ts\n([\s\S]*?)```/.exec(text) ?? [];
  const { code } = await transform(example, { loader: 'ts', target: 'node20' });
  await mkdir(join(root, 'dist'), { recursive: true });
  // Within the checkout, so that the package is found by its own name.
  const folder = await mkdtemp(join(root, 'dist/example-'));
  try {
    await writeFile(join(folder, 'example.mjs'), code);
    await promisify(execFile)(process.execPath, ['example.mjs'], { cwd: folder });
    const { traceEvents } = JSON.parse(await readFile(join(folder, 'trace.json'), 'utf8')) as {
      traceEvents: { ph: string }[];
    };
    expect(traceEvents.filter(({ ph }) => ph === 's')).toHaveLength(3 * 8);
    expect((await stat(join(folder, 'report.html'))).size).toBeLessThan(500_000);
  } finally {
    await rm(folder, { recursive: true });
  }
});
