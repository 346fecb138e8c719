/**
 * The claim: in the playground, from a change to the redrawn picture takes at most 50 ms (median) for BERT-large on 16
 * IPUs with 64 micro-batches: simulated, laid out, drawn and painted. The yardstick is a frame in which nothing
 * changes, on the same page.
 *
 *     npx tsx bench/playground-frames.ts
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { playgroundHtml } from 'ipu-pipeline/report';
import { browserHere, launch, openFile } from '../test/browser/chromium.js';
import { SIXTEEN } from '../test/browser/playground-sixteen.js';
import { percentile, verdict } from './lib.js';

const CHANGES = 40;
/** The first changes run code that is not compiled yet. */
const WARM_UP = 5;
const BOUND_MS = 50;

if (!browserHere) process.exit(0);
const folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-playground-'));
const file = join(folder, 'playground.html');
await writeFile(file, await playgroundHtml(SIXTEEN));
console.log(`page of ${((await stat(file)).size / 1e3).toFixed(0)} kB`);
const browser = await launch(['--disable-frame-rate-limit', '--disable-gpu-vsync']);

/** Each a program for the page, which changes something for the n-th time, after what comes before. */
const CASES: readonly (readonly [name: string, change: string, before?: string])[] = [
  ['nothing', ''],
  ['a layer moves', `key(document.querySelector('[data-layer="12"]'), n % 2 ? 'ArrowUp' : 'ArrowDown')`],
  ['micro-batch', `type('Micro-batch', n % 2 ? 3 : 2)`],
  ['micro-batch, beside another setup', `type('Micro-batch', n % 2 ? 3 : 2)`, `press('Compare')`],
  ['gradient accumulation', `type('Gradient accumulation', n % 2 ? 63 : 64)`],
  ['schedule', `choose('Schedule', n % 2 ? '1f1b' : 'zb1p')`],
  ['undo and redo', `press(n % 2 ? 'Undo' : 'Redo')`, `type('Micro-batch', 3)`],
];
let idleMs = 0;
for (const [name, change, before] of CASES) {
  const { page } = await openFile(browser, file);
  const times = await page.evaluate<number[]>(timed(change, before));
  await page.context().close();
  const counted = times.slice(WARM_UP);
  const median = percentile(counted, 0.5);
  if (change === '') {
    idleMs = median;
    console.log(`nothing changes: ${median.toFixed(1)} ms a frame`);
    continue;
  }
  const more = `first ${times[0]!.toFixed(0)}, p95 ${percentile(counted, 0.95).toFixed(0)}, ${(median / idleMs).toFixed(1)} × an idle frame`;
  verdict(`${name}: change to picture, ms (${more})`, median, { atMost: BOUND_MS });
  verdict(`${name}: over its bound`, median / BOUND_MS, { atMost: 1 });
}
await browser.close();
await rm(folder, { recursive: true });

/** @returns milliseconds from each change until the frame with its picture is painted */
function timed(change: string, before = ''): string {
  return `(async () => {
    const field = (label) => document.querySelector('[aria-label="' + label + '"]');
    const key = (target, key) => target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
    const set = (target, value, event) => {
      target.value = value;
      target.dispatchEvent(new Event(event, { bubbles: true }));
    };
    const type = (label, value) => set(field(label), value, 'input');
    const choose = (label, value) => set(field(label), value, 'change');
    const drawn = () => performance.getEntriesByName('timeline-drawn').length;
    // A message that is sent within a frame comes after it has been painted.
    const painted = () => new Promise((done) => requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = done;
      port2.postMessage(0);
    }));
    const press = (name) =>
      [...document.querySelectorAll('button')].find((one) => [one.ariaLabel, one.textContent].includes(name)).click();
    ${before};
    await new Promise((done) => setTimeout(done, 300));
    const times = [];
    for (let n = 1; n <= ${CHANGES}; n++) {
      const before = drawn();
      const start = performance.now();
      ${change};
      await painted();
      times.push(performance.now() - start);
      if (${change !== ''} && drawn() === before) throw new Error('nothing was drawn');
      await new Promise((done) => setTimeout(done, 30));
    }
    return times;
  })()`;
}
