import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HOUSE, roomOf } from '../../rooms.js';

/**
 * Share of the lines of each room, as compiled in `dist`, that a test run went through, in any of its processes and
 * threads, against the floor of `coverage-floors.json`. `COVERAGE=1 npm test` leaves Node's counts in `coverage/raw`.
 * `--write` sets the floors to what is there, less a point and a half. Pages of the browser are not counted.
 */
interface Script {
  readonly url: string;
  readonly functions: readonly {
    readonly ranges: readonly { startOffset: number; endOffset: number; count: number }[];
  }[];
}

const root = resolve(import.meta.dirname, '../..');
const dist = resolve(root, 'dist');
const floorsFile = resolve(import.meta.dirname, 'coverage-floors.json');

/** Compiled file → for each character whether it ran. Files that `dist` keeps of deleted sources do not count. */
const ran = new Map<string, Uint8Array>();
for (const top of HOUSE) {
  for (const name of readdirSync(resolve(dist, top), { recursive: true, encoding: 'utf8' })) {
    const file = resolve(dist, top, name);
    if (!file.endsWith('.js') || !existsSync(resolve(root, relative(dist, file)).replace(/js$/, 'ts')))
      continue;
    ran.set(file, new Uint8Array(readFileSync(file, 'utf8').length));
  }
}

const raw = resolve(root, 'coverage/raw');
let unfinished = 0;
for (const name of readdirSync(raw)) {
  const counts = finished(readFileSync(resolve(raw, name), 'utf8'));
  if (!counts) {
    unfinished++;
    continue;
  }
  for (const { url, functions } of counts.result) {
    const file = url.startsWith('file://') ? fileURLToPath(url) : '';
    const all = ran.get(file);
    if (!all) continue;
    // Inner ranges come after the outer ones, and say more.
    const here = new Uint8Array(all.length);
    for (const { ranges } of functions) {
      for (const { startOffset, endOffset, count } of ranges)
        here.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    }
    here.forEach((count, at) => count > 0 && (all[at] = 1));
  }
}

if (unfinished > 0)
  console.log(`left out: ${unfinished} counts of processes that were killed while they wrote them`);

/** Some tests kill a process, which then may be writing its counts: such a file ends anywhere. */
function finished(text: string): { readonly result: readonly Script[] } | undefined {
  try {
    return JSON.parse(text) as { readonly result: readonly Script[] };
  } catch {
    return undefined;
  }
}

const rooms = new Map<string, { lines: number; ran: number }>();
for (const [file, characters] of ran) {
  const room = roomOf(relative(dist, file).replaceAll('\\', '/'));
  const sum = rooms.get(room) ?? { lines: 0, ran: 0 };
  rooms.set(room, sum);
  let at = 0;
  for (const line of readFileSync(file, 'utf8').split('\n')) {
    const code = /^\s*(?!\s|\/\/|\/\*|\*|[\])};,]+$)/.exec(line);
    if (code && line.trim() !== '') {
      sum.lines++;
      sum.ran += characters[at + code[0].length]!;
    }
    at += line.length + 1;
  }
}

const shares = [...rooms].sort().map(([room, { lines, ran }]) => [room, (100 * ran) / lines] as const);
if (process.argv.includes('--write')) {
  const floors = Object.fromEntries(
    shares.map(([room, share]) => [room, Math.max(0, Math.floor(share - 1.5))]),
  );
  writeFileSync(floorsFile, `${JSON.stringify(floors, undefined, 2)}\n`);
}
const floors = JSON.parse(readFileSync(floorsFile, 'utf8')) as Readonly<Record<string, number>>;
let low = 0;
for (const [room, share] of shares) {
  const floor = floors[room];
  const verdict =
    floor === undefined ? 'has no floor: npm run coverage:write' : share < floor ? 'too low' : '';
  if (verdict !== '') low++;
  console.log(`${room.padEnd(30)}${share.toFixed(1).padStart(6)} %, floor ${floor ?? '–'}  ${verdict}`);
}
process.exitCode = low > 0 ? 1 : 0;
