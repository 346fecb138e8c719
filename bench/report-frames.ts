import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TimelineCollector, timelinesData, writeReport } from 'ipu-pipeline/report';
import { browserHere, launch, openFile } from '../test/browser/chromium.js';
import { manySpans } from '../test/report/sample-report.js';
import { percentile, verdict } from './lib.js';

/**
 * Claim: a report with 50,000 spans shows its first picture within a second, and a frame of panning or zooming takes
 * at most 16 ms (median), drawing and rastering included. Frames follow each other as fast as they can: the browser's
 * own limit of 60 a second is off.
 */
const RANKS = 16;
const SPANS = 50_000;
const FRAMES = 200;
const FIRST_PICTURE_MS = 1000;
const FRAME_MS = 16;

if (!browserHere) process.exit(0);
const folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-frames-'));
const file = join(folder, 'report.html');
const names = Array.from({ length: RANKS }, (_, stage) => `layers of stage ${stage}`);
const collector = new TimelineCollector(
  { name: 'long', kind: 'measured', stages: names, stageToRank: names.map((_, stage) => stage) },
  SPANS,
);
for (const span of manySpans(RANKS, SPANS / RANKS)) collector.add(span);
await writeReport(file, await timelinesData({ title: '50,000 spans' }, [await collector.timeline()]));
const { size } = await stat(file);
console.log(`${SPANS} spans on ${RANKS} IPUs, page of ${(size / 1e3).toFixed(0)} kB`);

const browser = await launch(['--disable-frame-rate-limit', '--disable-gpu-vsync']);
const firstPictures: number[] = [];
for (let run = 0; run < 5; run++) {
  const { page } = await openFile(browser, file);
  firstPictures.push(await page.evaluate(() => performance.getEntriesByName('timeline-drawn')[0]!.startTime));
  await page.context().close();
}
const first = percentile(firstPictures, 0.5);
verdict('first picture, ms', first, { atMost: FIRST_PICTURE_MS });
verdict('first picture over its bound', first / FIRST_PICTURE_MS, { atMost: 1 });

const { page } = await openFile(browser, file);
await page.locator('.timeline-canvas').focus();
// Keys are what pans and zooms. 12 zooms go from the whole run to single spans; then every stretch is panned through.
const GESTURES: readonly (readonly [name: string, keys: readonly string[]])[] = [
  ['zoom in and out', [...repeat('+', 12), ...repeat('-', 12)]],
  [
    'pan, a third of the run in view',
    ['0', '+', '+', ...repeat('ArrowRight', 20), ...repeat('ArrowLeft', 20)],
  ],
  ['pan, single spans in view', ['0', ...repeat('+', 12), ...repeat('ArrowRight', 20)]],
];
for (const [name, keys] of GESTURES) {
  const frames = await page.evaluate<number[]>(playKeys(keys, FRAMES));
  const median = percentile(frames, 0.5);
  const worst = percentile(frames, 0.95);
  verdict(`${name}: frame, ms (p95 ${worst.toFixed(1)})`, median, { atMost: FRAME_MS });
  verdict(`${name}: over its bound`, median / FRAME_MS, { atMost: 1 });
}
await browser.close();
await rm(folder, { recursive: true });

function repeat(key: string, times: number): string[] {
  return new Array<string>(times).fill(key);
}

/** A program for the page: one key in each frame. @returns milliseconds from frame to frame */
function playKeys(keys: readonly string[], frames: number): string {
  return `(async () => {
    const keys = ${JSON.stringify(keys)};
    const target = document.querySelector('.timeline-canvas');
    const nextFrame = () => new Promise((done) => requestAnimationFrame(done));
    const times = [];
    let last = await nextFrame();
    for (let frame = 0; frame < ${frames}; frame++) {
      const key = keys[frame % keys.length];
      target.dispatchEvent(new KeyboardEvent('keydown', { key, bubbles: true }));
      const now = await nextFrame();
      times.push(now - last);
      last = now;
    }
    return times;
  })()`;
}
