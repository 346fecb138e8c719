import { readFileSync, readdirSync } from 'node:fs';
import { dirname, posix, resolve } from 'node:path';
import ts from 'typescript';
import { HOUSE, ROOMS, circle, roomOf } from '../../rooms.js';

/**
 * The table of rooms itself: no circle, no room without a file, nothing allowed that nobody needs. The linter holds the
 * imports to it. Then the lines of each room, beside those of the commit before the house was rebuilt.
 */
const root = resolve(import.meta.dirname, '../..');
const files = HOUSE.flatMap((top) =>
  readdirSync(resolve(root, top), { recursive: true, encoding: 'utf8' })
    .map((file) => posix.join(top, file.replaceAll('\\', '/')))
    .filter((file) => /\.(tsx?|json)$/.test(file) && !file.endsWith('.d.ts')),
);

const lines = new Map<string, number>();
const used = new Set<string>();
for (const file of files) {
  if (file.endsWith('.json')) continue;
  const text = readFileSync(resolve(root, file), 'utf8');
  lines.set(roomOf(file), (lines.get(roomOf(file)) ?? 0) + text.split('\n').length - 1);
  const sources = ts.preProcessFile(text).importedFiles.map(({ fileName }) => fileName);
  const workers = [...text.matchAll(/new URL\('(\.[^']+\.js)'/g)].map(([, source]) => source!);
  for (const source of [...sources, ...workers]) {
    if (source.startsWith('.')) used.add(`${roomOf(file)} → ${posix.join(dirname(file), dirname(source))}`);
  }
}

const complaints: string[] = [];
const round = circle();
if (round) complaints.push(`the table of rooms has a circle: ${round.join(' → ')}`);
for (const [room, { uses }] of Object.entries(ROOMS)) {
  if (!files.some((file) => roomOf(file) === room))
    complaints.push(`${room} is in the table of rooms, and has no file`);
  if (uses === 'any') continue;
  for (const other of uses) {
    if (!used.has(`${room} → ${other}`))
      complaints.push(`${room} may use ${other}, but does not: take it out`);
  }
}

const before = JSON.parse(readFileSync(resolve(import.meta.dirname, 'lines-before.json'), 'utf8')) as {
  readonly commit: string;
  readonly total: number;
  readonly rooms: Readonly<Record<string, number>>;
};
const row = (name: string, now: number, then: number | undefined): string => {
  const change = then === undefined ? 'new' : `${now < then ? '−' : '+'}${Math.abs(now - then)}`;
  const grown =
    then !== undefined && now > (then * 4) / 3
      ? '  grown by more than a third: say why in docs/decisions.md'
      : '';
  return `${name.padEnd(30)}${String(now).padStart(6)}${change.padStart(8)}${grown}`;
};
console.log(`lines of each room, and the change since ${before.commit}`);
const names = new Set([...lines.keys(), ...Object.keys(before.rooms)]);
for (const name of [...names].sort()) console.log(row(name, lines.get(name) ?? 0, before.rooms[name]));
const all = [...lines.values()].reduce((sum, count) => sum + count, 0);
console.log(row('in all', all, before.total));

for (const complaint of complaints) console.error(complaint);
process.exitCode = complaints.length > 0 ? 1 : 0;
