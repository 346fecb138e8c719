import { readdirSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { build } from 'esbuild';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { entries } from './check/entries.js';

const root = resolve(import.meta.dirname, '..');
const doors = entries(root);

/** What the command line takes from the house though it is no library. */
const CLI_ONLY = ['isDict', 'isNeeded', 'isCompute', 'isTraining', 'headSpelt'];

/** Source file → names that an entry exports from it. */
function exportsOf(name: string): Map<string, string[]> {
  const file = resolve(root, `src/doors/${name}.ts`);
  const names = new Map<string, string[]>();
  for (const node of parsed(file).statements) {
    if (!ts.isExportDeclaration(node)) throw new Error(`${file} has more than exports of other files`);
    const clause = node.exportClause;
    if (!clause || !ts.isNamedExports(clause)) throw new Error(`${file} does not say what it exports`);
    const from = resolve(file, '..', textOf(node.moduleSpecifier));
    const own = clause.elements.map(({ propertyName, name }) => (propertyName ?? name).text);
    names.set(from, [...(names.get(from) ?? []), ...own]);
  }
  return names;
}

const parsed = (file: string): ts.SourceFile =>
  ts.createSourceFile(file, readFileSync(file, 'utf8'), ts.ScriptTarget.Latest);
const textOf = (node: ts.Expression | undefined): string =>
  node && ts.isStringLiteral(node) ? node.text : '';

function textsOf(folder: string, ending: string): string {
  return readdirSync(resolve(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith(ending) && file !== 'doors.test.ts')
    .map((file) => readFileSync(resolve(root, folder, file), 'utf8'))
    .join('\n');
}

describe('the main entry', () => {
  const names = [...exportsOf('index').values()].flat();

  it('has at most 60 names, each of them in a document or a test', () => {
    expect(names.length).toBeLessThanOrEqual(60);
    const words = new Set(`${textsOf('docs', '.md')}\n${textsOf('test', '.ts')}`.match(/\w+/g));
    expect(names.filter((name) => !words.has(name))).toEqual([]);
  });

  it('says of each name what it is', () => {
    const report = readFileSync(resolve(root, 'api/index.api.md'), 'utf8');
    const silent = [...report.matchAll(/^\/\/ @public \(undocumented\)\n(export .*)$/gm)].map(
      ([, what]) => what,
    );
    expect(silent).toEqual([]);
  });
});

describe('the entries', () => {
  it('have what the command line uses: it can do no more than a user of the library', () => {
    const open = new Set(
      doors
        .filter(({ name }) => name !== 'internals')
        .flatMap(({ name }) =>
          [...exportsOf(name)].flatMap(([file, own]) => own.map((one) => `${file}#${one}`)),
        ),
    );
    const cli = resolve(root, 'src/cli');
    const missing = readdirSync(cli, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts'))
      .flatMap((name) => {
        const file = resolve(cli, name);
        return parsed(file)
          .statements.filter(ts.isImportDeclaration)
          .flatMap((node) => {
            const from = resolve(file, '..', textOf(node.moduleSpecifier));
            const isOfHouse = textOf(node.moduleSpecifier).startsWith('.');
            if (!isOfHouse || from.startsWith(cli) || from.startsWith(resolve(root, 'ipu-config/base')))
              return [];
            const bindings = node.importClause?.namedBindings;
            const own = bindings && ts.isNamedImports(bindings) ? bindings.elements : [];
            return own
              .map((one) => (one.propertyName ?? one.name).text)
              .filter((one) => !open.has(`${from}#${one}`) && !CLI_ONLY.includes(one))
              .map((one) => `${name}: ${one}`);
          });
      });
    expect(missing).toEqual([]);
  });

  it.each(['schedules', 'simulator'])('%s runs in a browser: nothing of Node is in it', async (name) => {
    const entryPoints = [resolve(root, `dist/src/doors/${name}.js`)];
    const { outputFiles } = await build({
      entryPoints,
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'esm',
    });
    expect(outputFiles[0]!.text).not.toContain('node:');
  });
});
