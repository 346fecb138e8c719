import { readFileSync } from 'node:fs';
import { readCases } from './case.js';
import { KINDS } from './kinds.js';
import { runCase } from './run-case.js';

/** `npm run conformance -- FILE`: exits 0 when all cases pass, 1 when some fail, 2 when the file cannot be used. */
function main(file: string | undefined): number {
  if (file === undefined) {
    console.error('Give a file of cases: npm run conformance -- FILE');
    return 2;
  }
  let cases;
  try {
    cases = readCases(readFileSync(file, 'utf8'));
  } catch (error) {
    console.error(`${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`);
    return 2;
  }
  const outcomes = cases.map((item) => ({ item, ...runCase(item) }));
  const failures = outcomes.filter(({ passed }) => !passed);
  for (const { item, expected, got } of failures) {
    console.log(`FAILED ${item.kind}: ${item.name}\n  expected ${expected}\n  got      ${got}`);
  }
  const unknown = [...new Set(cases.map(({ kind }) => kind))].filter((kind) => !Object.hasOwn(KINDS, kind));
  if (unknown.length > 0) console.error(`Unknown kinds of cases, counted as failed: ${unknown.join(', ')}`);
  console.log(`${outcomes.length - failures.length} passed, ${failures.length} failed`);
  if (unknown.length > 0) return 2;
  return failures.length > 0 ? 1 : 0;
}

process.exitCode = main(process.argv[2]);
