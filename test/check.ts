import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

/**
 * `npm run check`: everything that must hold before a commit, in one command. Stops at the first failure.
 * `--tests-from FILE` takes the JSON report of a test run on this tree, with `COVERAGE=1`, in place of another run: CI
 * has just had one. With names of test files it runs those only, and asks for no coverage.
 */
type Step = readonly [name: string, command: string, ...args: string[]];

const { values, positionals } = parseArgs({
  options: { 'tests-from': { type: 'string' } },
  allowPositionals: true,
});
const testsFrom = values['tests-from'];
const isWhole = positionals.length === 0;
const script = (name: string): Step => [name, 'npx', 'tsx', `test/check/${name}.ts`];

/** They share no output, and none of them keeps two cores busy. */
const still: readonly Step[] = [
  ['lint and rooms', 'npm', 'run', '-s', 'lint'],
  ['types', 'npm', 'run', '-s', 'types'],
  ['format', 'npm', 'run', '-s', 'format'],
  ['dead exports', 'npm', 'run', '-s', 'dead'],
  script('api'),
  script('supply-chain'),
];

const treeBefore = workTree();
await must(['build', 'npm', 'run', '-s', 'build']);
const waiting = [...still];
const twoAtOnce = [1, 2].map(async () => {
  for (let step = waiting.shift(); step; step = waiting.shift()) await must(step);
});
await Promise.all(twoAtOnce);
if (testsFrom === undefined) await must(['tests', 'npx', 'vitest', 'run', ...positionals], true);
else checkReport(testsFrom);
if (isWhole) await must(script('coverage'));
await must(script('rooms'));
const treeAfter = workTree();
if (treeAfter !== treeBefore) fail(`it changed the work tree:\n${treeAfter}`);
console.log('check: all good');

/** Runs a step; what it prints comes at its end, in one piece, unless it is live. */
async function must([name, command, ...args]: Step, live = false): Promise<void> {
  if (live) console.log(`— ${name}`);
  const child = spawn(command, args, {
    stdio: live ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, COVERAGE: isWhole ? '1' : '' },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const code = await new Promise((done) => child.on('close', done));
  if (!live) console.log(`— ${name}\n${output}`.trimEnd());
  if (code !== 0) fail(`${name} failed`);
}

function fail(message: string): never {
  console.error(`check: ${message}`);
  process.exit(1);
}

function workTree(): string {
  return execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' });
}

/** All tests of the run passed, and there were some. */
function checkReport(file: string): void {
  const report = JSON.parse(readFileSync(file, 'utf8')) as { success: boolean; numPassedTests: number };
  console.log(`— tests: ${report.numPassedTests} passed in the run of ${file}`);
  if (!report.success || report.numPassedTests === 0) fail('tests failed');
}
