import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fillDrain } from 'ipu-pipeline/schedules';
import { timelinesData, writeReport, type ReportData } from 'ipu-pipeline/report';
import { sampleReport, simulatedTimeline } from '../report/sample-report.js';
import { browserHere, launch, openFile, SCREENSHOTS } from './chromium.js';

const AXIS = 26;
const ROW = 30;
const PHONE = { width: 390, height: 844 };

let folder: string;
let browser: Browser;
let sample: ReportData;
const path = (name: string): string => join(folder, name);

beforeAll(async () => {
  if (!browserHere) return;
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-browser-'));
  browser = await launch();
  sample = await sampleReport();
  await writeReport(path('sample.html'), sample);
  const inference = await simulatedTimeline(fillDrain({ stages: 4, microBatches: 6 }));
  await writeReport(path('inference.html'), await timelinesData({ title: 'inference' }, [inference]));
});
afterAll(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

const first = (page: Page): ReturnType<Page['locator']> => page.locator('.timeline-canvas').first();

/** Every pixel of the first timeline, so that two pictures can be compared. */
function picture(page: Page): Promise<string> {
  return page.evaluate(`document.querySelector('.timeline-canvas canvas').toDataURL()`);
}

async function pictureAfter(page: Page, key: string): Promise<string> {
  await page.keyboard.press(key);
  await page.evaluate('new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))');
  return picture(page);
}

describe.skipIf(!browserHere)('a report in a browser', () => {
  it.each(['light', 'dark'] as const)(
    'opens from disk in the %s theme, without complaints or requests',
    async (theme) => {
      const { page, complaints, requests } = await openFile(browser, path('sample.html'), {
        colorScheme: theme,
      });
      await page.screenshot({ path: join(SCREENSHOTS, `report-${theme}.png`), fullPage: true });
      expect(complaints).toEqual([]);
      expect(requests).toEqual([]);
      const paper = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
      const [brightness = 0] = /\d+/.exec(paper)!.map(Number);
      if (theme === 'light') expect(brightness).toBeGreaterThan(200);
      else expect(brightness).toBeLessThan(60);
      await page.context().close();
    },
  );

  it('shows texts as texts', async () => {
    const { page } = await openFile(browser, path('sample.html'));
    expect(await page.locator('h1').innerText()).toBe(sample.title);
    expect(await page.title()).toBe(`${sample.title} – ipu-pipeline`);
    expect(await page.locator('.warnings').first().innerText()).toContain('<img src=x onerror=alert(1)>');
    await page.context().close();
  });

  it('names the cause of a stall, and what could not run, under the pointer', async () => {
    const { page } = await openFile(browser, path('inference.html'));
    const box = (await first(page).boundingBox())!;
    // Rank 3 waits for micro-batch 0 until three stages have had it.
    await page.mouse.move(box.x + 20, box.y + AXIS + 3.5 * ROW);
    const tip = page.locator('.tip');
    await tip.waitFor();
    const text = await tip.innerText();
    expect(text).toContain('waits: upstream, before F of micro-batch 0');
    expect(text).toContain('the micro-batch has not come from the stage before');
    expect(text).toContain('IPU 3, stage 3');
    expect(text).toContain('3.25 ms, from 0 ns to 3.25 ms');
    await page.screenshot({ path: join(SCREENSHOTS, 'report-hover.png') });
    await page.mouse.move(box.x + 20, box.y - 40);
    await expect.poll(() => tip.count()).toBe(0);
    await page.context().close();
  });

  it('zooms, pans and walks from span to span by keys', async () => {
    const { page } = await openFile(browser, path('inference.html'));
    await first(page).focus();
    const whole = await picture(page);
    const closer = await pictureAfter(page, '+');
    const later = await pictureAfter(page, 'ArrowRight');
    expect(new Set([whole, closer, later]).size).toBe(3);
    expect(await pictureAfter(page, 'ArrowLeft')).toBe(closer);
    expect(await pictureAfter(page, '0')).toBe(whole);
    await page.keyboard.press('n');
    const tip = page.locator('.tip');
    const before = await tip.innerText();
    await page.keyboard.press('n');
    await expect.poll(() => tip.innerText()).not.toBe(before);
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => tip.innerText()).toContain('IPU 1');
    await page.keyboard.press('Escape');
    await expect.poll(() => tip.count()).toBe(0);
    await page.context().close();
  });

  it('pans by dragging and zooms by the wheel with Ctrl, and leaves the plain wheel to the page', async () => {
    const { page } = await openFile(browser, path('inference.html'), {
      viewport: { width: 900, height: 400 },
    });
    await first(page).scrollIntoViewIfNeeded();
    const box = (await first(page).boundingBox())!;
    const whole = await picture(page);
    await page.mouse.move(box.x + 300, box.y + AXIS + ROW);
    await page.keyboard.down('Control');
    await page.mouse.wheel(0, -400);
    await page.keyboard.up('Control');
    await expect.poll(() => picture(page)).not.toBe(whole);
    const closer = await picture(page);
    await page.mouse.down();
    await page.mouse.move(box.x + 200, box.y + AXIS + ROW, { steps: 4 });
    await page.mouse.up();
    await expect.poll(() => picture(page)).not.toBe(closer);
    const scrolled = await page.evaluate<number>('scrollY');
    await page.mouse.wheel(0, 200);
    await expect.poll(() => page.evaluate<number>('scrollY')).toBeGreaterThan(scrolled);
    await page.context().close();
  });

  it('lets the reader choose the theme, and redraws the timeline in it', async () => {
    const { page, complaints } = await openFile(browser, path('sample.html'), { colorScheme: 'light' });
    const light = await picture(page);
    await page.getByRole('button', { name: 'Dark' }).click();
    await expect.poll(() => picture(page)).not.toBe(light);
    await page.getByRole('button', { name: 'Light' }).click();
    await expect.poll(() => picture(page)).toBe(light);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it.each(['light', 'dark'] as const)('fits a phone without scrolling sideways, %s', async (theme) => {
    const options = { colorScheme: theme, viewport: PHONE, deviceScaleFactor: 2, hasTouch: true };
    const { page, complaints } = await openFile(browser, path('sample.html'), options);
    await page.screenshot({ path: join(SCREENSHOTS, `report-phone-${theme}.png`), fullPage: true });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(PHONE.width);
    await first(page).scrollIntoViewIfNeeded();
    const box = (await first(page).boundingBox())!;
    await page.touchscreen.tap(box.x + 15, box.y + AXIS + 3.5 * ROW);
    await expect.poll(() => page.locator('.tip').innerText()).toContain('waits: upstream');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('prints on white paper with every table open', async () => {
    const { page } = await openFile(browser, path('sample.html'), { colorScheme: 'dark' });
    await page.evaluate(`dispatchEvent(new Event('beforeprint'))`);
    await page.emulateMedia({ media: 'print' });
    await page.setViewportSize({ width: 718, height: 1000 });
    await page.screenshot({ path: join(SCREENSHOTS, 'report-print.png'), fullPage: true });
    const paper = await page.evaluate<string>('getComputedStyle(document.body).backgroundColor');
    expect(paper).toBe('rgb(255, 255, 255)');
    expect(await page.locator('details:not([open])').count()).toBe(0);
    expect(await page.locator('button:visible').count()).toBe(0);
    const pixel = await page.evaluate<number[]>(
      `[...document.querySelector('.timeline-canvas canvas').getContext('2d').getImageData(1, 1, 1, 1).data]`,
    );
    expect(pixel).toEqual([255, 255, 255, 255]);
    const pdf = await page.pdf({ format: 'A4' });
    expect(pdf.length).toBeGreaterThan(10_000);
    await page.context().close();
  });

  it('says in tables what the charts show', async () => {
    const { page } = await openFile(browser, path('sample.html'));
    const memory = page.locator('section', { hasText: 'Memory of each IPU' }).last();
    await memory.locator('summary').click();
    const rows = await memory.locator('tbody tr').allInnerTexts();
    expect(rows).toHaveLength(4);
    expect(rows[3]!.split('\t')).toEqual(expect.arrayContaining(['IPU 3', '990 MiB', '900 MiB', '110 %']));
    // The limit is a line in every bar, at the same place.
    const limits = await memory.locator('.bar-limit').all();
    const places = await Promise.all(limits.map(async (limit) => (await limit.boundingBox())!.x));
    expect(places).toHaveLength(4);
    expect(Math.max(...places) - Math.min(...places)).toBeLessThan(0.5);
    await page.context().close();
  });

  it('says so when a timeline cannot be read', async () => {
    const [timeline] = sample.timelines!;
    const broken = { ...timeline!, spans: { ...timeline!.spans, deflated: 'AAAA' } };
    await writeReport(path('broken.html'), { ...sample, timelines: [broken] });
    const { page } = await openFile(browser, path('broken.html'), { hasTimeline: false });
    await expect.poll(() => page.locator('.failure').innerText()).toContain('cannot be read');
    await page.context().close();
  });

  it('stays below 500 kB', async () => {
    expect((await stat(path('sample.html'))).size).toBeLessThan(500_000);
  });
});
