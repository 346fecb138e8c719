import { execFileSync, spawnSync } from 'node:child_process';

/** `npm run check`: everything that must hold before a commit, in one command. Stops at the first failure. */
const steps: [string, string[]][] = [
  ['build', ['npm', 'run', '-s', 'build']],
  ['types', ['npm', 'run', '-s', 'types']],
  ['lint and import direction', ['npm', 'run', '-s', 'lint']],
  ['format', ['npm', 'run', '-s', 'format']],
  ['tests', ['npx', 'vitest', 'run', ...process.argv.slice(2)]],
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
const treeAfter = workTree();
if (treeAfter !== treeBefore) {
  console.error(`check: it changed the work tree:\n${treeAfter}`);
  process.exit(1);
}
console.log('check: all good');

function workTree(): string {
  return execFileSync('git', ['status', '--porcelain'], { encoding: 'utf8' });
}
