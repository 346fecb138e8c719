import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/**
 * `npm run check`: everything that must hold before a commit, in one command. Stops at the first failure.
 * `--tests-from FILE` takes the JSON report of a test run on this tree in place of another run: CI has just had one.
 */
const { values, positionals } = parseArgs({
  options: { 'tests-from': { type: 'string' } },
  allowPositionals: true,
});
const testsFrom = values['tests-from'];
const steps: [string, string[]][] = [
  ['build', ['npm', 'run', '-s', 'build']],
  ['types', ['npm', 'run', '-s', 'types']],
  ['lint and import direction', ['npm', 'run', '-s', 'lint']],
  ['format', ['npm', 'run', '-s', 'format']],
  ...(testsFrom === undefined
    ? [['tests', ['npx', 'vitest', 'run', ...positionals]] satisfies [string, string[]]]
    : []),
];

const treeBefore = workTree();
for (const [name, [command, ...args]] of steps) {
  console.log(`— ${name}`);
  const { status } = spawnSync(command!, args, { stdio: 'inherit' });
  if (status !== 0) {
    console.error(`check: ${name} failed`);
    process.exit(1);
  }
}
if (testsFrom !== undefined) checkReport(testsFrom);
const treeAfter = workTree();
if (treeAfter !== treeBefore) {
  console.error(`check: it changed the work tree:\n${treeAfter}`);
  process.exit(1);
}
console.log('check: all good');

function workTree(): string {
  return execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' });
}

/** All tests of the run passed, and there were some. */
function checkReport(file: string): void {
  const report = JSON.parse(readFileSync(file, 'utf8')) as { success: boolean; numPassedTests: number };
  console.log(`— tests: ${report.numPassedTests} passed in the run of ${file}`);
  if (report.success && report.numPassedTests > 0) return;
  console.error('check: tests failed');
  process.exit(1);
}
