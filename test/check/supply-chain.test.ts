import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { complaintsAbout, type Lock, type Sbom } from './supply-chain-rules.js';

const root = resolve(import.meta.dirname, '../..');
const json = (file: string): unknown => JSON.parse(readFileSync(resolve(root, file), 'utf8'));
const lock = json('package-lock.json') as Lock;
const { allowScripts } = json('package.json') as { allowScripts: Record<string, boolean> };

const component = (licence: string, tool = false): Sbom['components'][number] => ({
  ...{ name: 'some-package', version: '1.2.3' },
  licenses: licence.includes(' ') ? [{ expression: licence }] : [{ license: { id: licence } }],
  properties: tool ? [{ name: 'cdx:npm:package:development', value: 'true' }] : [],
});
const about = (sbom: Sbom['components'], packages: Lock['packages'] = {}): string[] =>
  complaintsAbout({ components: sbom }, { packages: { ...lock.packages, ...packages } }, allowScripts);

describe('the check of the supply chain', () => {
  it('has nothing to say about the packages of the lock file', () => expect(about([])).toEqual([]));

  it.each([
    ...['MIT', '(MIT OR GPL-3.0-only)', 'MIT OR WTFPL', 'MIT AND ISC'].map((licence) => [licence, []]),
    ...['GPL-3.0-only', 'SEE LICENSE IN x', 'MIT AND GPL-3.0-only', 'MIT AND ISC OR GPL-2.0-only'].map(
      (licence) => [
        licence,
        [expect.stringMatching(/^some-package 1\.2\.3 has the licence .*: take another/)],
      ],
    ),
  ])('judges the licence %s', (licence, expected) =>
    expect(about([component(licence as string)])).toEqual(expected),
  );

  it('takes more of tools than of what users install, and nothing without a licence', () => {
    expect(about([component('MPL-2.0', true)])).toEqual([]);
    expect(about([component('MPL-2.0')])).toEqual([expect.stringContaining('for what users install')]);
    expect(about([{ name: 'bare', version: '1.0.0' }])).toEqual([expect.stringContaining('(none)')]);
  });

  it('names a package with a new install script, one without a sum, and a line that is stale', () => {
    const sum = { version: '1.0.0', integrity: 'sha512-x' };
    expect(about([], { 'node_modules/a/node_modules/b': { ...sum, hasInstallScript: true } })).toEqual([
      expect.stringMatching(/^b 1\.0\.0 has an install script that nobody looked at/),
      expect.stringMatching(/^b 1\.0\.0 .* set "b": false/),
    ]);
    expect(about([], { 'node_modules/c': { version: '1.0.0' } })).toEqual([
      expect.stringMatching(/^node_modules\/c has no checksum/),
    ]);
    expect(about([], { 'node_modules/esbuild': sum })).toEqual([
      expect.stringMatching(/^esbuild is in the list/),
    ]);
  });
});
