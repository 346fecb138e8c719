import { join, relative, sep } from 'node:path';
import ts from 'typescript';
import { expect, it } from 'vitest';

const root = join(import.meta.dirname, '../..');
const table = join(root, 'pipeline/schedule/op-table.ts');
const ruled = ['pipeline/schedule/readiness.ts', 'pipeline/runtime/rank/handlers.ts'];
const priced = ['src/hardware/stage-cost.ts', 'src/machine/predict-runtime.ts', 'src/observe/palette.ts'];

/** The files that do not compile once there is one op more. */
function brokenBy(op: string): string[] {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
    config: object;
  };
  const { options } = ts.parseJsonConfigFileContent({ ...config, files: [], include: [] }, ts.sys, root);
  const host = ts.createCompilerHost(options);
  const read = host.readFile.bind(host);
  host.readFile = (path) =>
    relative(table, path) === '' ? read(path)?.replace("'UPDATE',", `'UPDATE',\n  '${op}',`) : read(path);
  const files = [...ruled, ...priced].map((path) => join(root, path));
  const program = ts.createProgram({ rootNames: files, options: { ...options, noEmit: true }, host });
  const broken = [table, ...files].filter(
    (path) => program.getSemanticDiagnostics(program.getSourceFile(path)).length > 0,
  );
  return broken.map((path) => relative(root, path).split(sep).join('/'));
}

it('does not compile until its row, its rule, its handler, its costs and its colour are there', () => {
  expect(brokenBy('PREFETCH')).toEqual(['pipeline/schedule/op-table.ts', ...ruled, ...priced]);
});
