import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IpuConfig } from 'ipu-pipeline';
import { planConfig, publishedModel, systemByName } from 'ipu-pipeline/simulator';
import { playgroundHtml } from 'ipu-pipeline/report';
import { browserHere, launch, openFile, SCREENSHOTS, type OpenPage } from './chromium.js';
import {
  dragLayer,
  expectStruck,
  expectThroughput,
  PHONE,
  picture,
  preset,
  rows,
  SETTINGS,
  simulated,
  STATIC_PAGE,
} from './playground-page.js';
import { SIXTEEN } from './playground-sixteen.js';

let folder: string;
let browser: Browser;
let sixteen: string;

beforeAll(async () => {
  if (!browserHere) return;
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-playground-'));
  browser = await launch();
  sixteen = join(folder, 'sixteen.html');
  await writeFile(sixteen, await playgroundHtml(SIXTEEN));
});
afterAll(async () => {
  await browser?.close();
  if (folder) await rm(folder, { recursive: true });
});

const open = (options: Parameters<typeof openFile>[2] = {}): Promise<OpenPage> =>
  openFile(browser, STATIC_PAGE, options);

describe.skipIf(!browserHere)('the playground in a browser', () => {
  it.each(['light', 'dark'] as const)('opens from disk in the %s theme, alone', async (theme) => {
    const { page, complaints, requests } = await open({ colorScheme: theme });
    await page.screenshot({ path: join(SCREENSHOTS, `playground-${theme}.png`), fullPage: true });
    await expectThroughput(page, simulated(preset()).rates.sequencesPerSecond);
    expect(complaints).toEqual([]);
    expect(requests).toEqual([]);
    await page.context().close();
  });

  it('drags a layer: rows, figures and picture follow, and are the simulator’s own', async () => {
    const { page, complaints } = await open();
    const before = await rows(page);
    const was = await picture(page);
    await dragLayer(page, 18, 2);
    // The border between IPU 2 and IPU 3 moves to behind the layer.
    const layers = before.map((count, ipu) => count + 2 * (Number(ipu === 2) - Number(ipu === 3)));
    expect(await rows(page)).toEqual(layers);
    expect(await page.locator('.block.moving').allInnerTexts()).toEqual(['17', '18']);
    await page.screenshot({ path: join(SCREENSHOTS, 'playground-drag.png') });
    await page.mouse.up();
    expect(await rows(page)).toEqual(layers);
    expect(await page.locator('.block.moving').count()).toBe(0);
    const simulation = simulated(preset({ layers_per_ipu: layers }));
    await expectThroughput(page, simulation.rates.sequencesPerSecond);
    expect(await page.locator('.ipu-figures').nth(2).innerText()).toContain(
      `${Math.round((simulation.memory[2]!.totalBytes / simulation.memory[2]!.limitBytes) * 100)} % memory`,
    );
    expect(await picture(page)).not.toBe(was);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('takes along what lies between when a layer is dragged farther', async () => {
    const { page } = await open();
    await dragLayer(page, 20, 1);
    await page.mouse.up();
    expect(await rows(page)).toEqual([3, 18, 0, 3]);
    // That is too much for one IPU, and no figure claims otherwise.
    await expectStruck(page, simulated(preset({ layers_per_ipu: [3, 18, 0, 3] })).rates.sequencesPerSecond);
    await page.context().close();
  });

  it('takes a drag back on Escape', async () => {
    const { page } = await open();
    const before = await rows(page);
    await dragLayer(page, 20, 1);
    expect(await rows(page)).not.toEqual(before);
    await page.keyboard.press('Escape');
    await expect.poll(() => rows(page)).toEqual(before);
    await page.mouse.up();
    expect(await rows(page)).toEqual(before);
    await page.context().close();
  });

  it('moves a layer by keys, and the keyboard stays on it', async () => {
    const { page } = await open();
    const before = await rows(page);
    expect(before).toEqual([3, 7, 7, 7]);
    await page.locator('[data-layer="9"]').focus();
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => rows(page)).toEqual([3, 6, 8, 7]);
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => rows(page)).toEqual([3, 6, 0, 15]);
    const focus = (what: string): Promise<string> => page.evaluate(`document.activeElement.${what}`);
    expect(await focus('closest("[data-ipu]").dataset.ipu')).toBe('3');
    expect(await focus('dataset.layer')).toBe('9');
    await page.keyboard.press('ArrowRight');
    expect(await focus('dataset.layer')).toBe('10');
    await page.keyboard.press('ArrowUp');
    await expect.poll(() => rows(page)).toEqual([3, 6, 2, 13]);
    await page.context().close();
  });

  it('follows micro-batch, accumulation, mode, system and schedule', async () => {
    const { page, complaints } = await open();
    await page.getByLabel('Micro-batch').fill('2');
    await expectThroughput(page, simulated(preset(), { microBatch: 2 }).rates.sequencesPerSecond);
    await page.getByLabel('Gradient accumulation').fill('64');
    const config = preset({ gradient_accumulation_steps: 64 });
    await expectThroughput(page, simulated(config, { microBatch: 2 }).rates.sequencesPerSecond);
    await page.getByLabel('System').selectOption('bow-pod16');
    const bow = { microBatch: 2, hardware: systemByName('bow-pod16') };
    await expectThroughput(page, simulated(config, bow).rates.sequencesPerSecond);
    await page.getByLabel('Schedule').selectOption('interleaved-1f1b');
    const looped = { ...bow, schedule: { name: 'interleaved-1f1b', chunks: 2 } };
    await expectThroughput(page, simulated(config, looped).rates.sequencesPerSecond);
    await page.getByLabel('Mode', { exact: true }).selectOption('inference');
    await expectThroughput(page, simulated(config, { ...bow, mode: 'inference' }).rates.sequencesPerSecond);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('plans the best split, and hands out a file that says it', async () => {
    const { page } = await open();
    await dragLayer(page, 20, 1);
    await page.mouse.up();
    await page.getByRole('button', { name: 'Plan the best split' }).click();
    const plan = planConfig(preset(), SETTINGS);
    await expect.poll(() => rows(page)).toEqual(plan.layersPerIpu);
    await expectThroughput(page, plan.after.rates.sequencesPerSecond);
    expect(await page.locator('.plan-box [role=status]').innerText()).toMatch(
      /the best of all .*had to be simulated for that/,
    );
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Download' }).click(),
    ]);
    expect(download.suggestedFilename()).toBe('ipu_config.json');
    const file = JSON.parse(await readFile(await download.path(), 'utf8')) as Record<string, unknown>;
    expect(new IpuConfig(file).get('layers_per_ipu')).toEqual(plan.layersPerIpu);
    expect(new IpuConfig(file).get('gradient_accumulation_steps')).toBe(
      preset().get('gradient_accumulation_steps'),
    );
    await page.context().close();
  });

  it('opens, takes in and edits a file, and says what is wrong with one', async () => {
    const { page, complaints } = await open();
    const own = { layers_per_ipu: [5, 6, 6, 7], ipus_per_replica: 4, gradient_accumulation_steps: 32 };
    const file = join(folder, 'own.json');
    await writeFile(file, JSON.stringify(own));
    await page.locator('input[type=file]').setInputFiles(file);
    await expect.poll(() => rows(page)).toEqual([5, 6, 6, 7]);
    // Its optimizer state does not fit.
    await expectStruck(page, simulated(new IpuConfig(own)).rates.sequencesPerSecond);
    await page.locator('.config-text summary').click();
    const text = page.getByRole('textbox', { name: 'ipu_config.json' });
    await text.fill(JSON.stringify({ ...own, layers_per_ipu: [6, 6, 6, 6] }));
    await expect.poll(() => rows(page)).toEqual([6, 6, 6, 6]);
    await text.fill('{"layers_per_ipu": [6,');
    await expect.poll(() => page.locator('.config-box .failure').innerText()).toMatch(/line 1|column/);
    expect(await rows(page)).toEqual([6, 6, 6, 6]);
    await text.fill(JSON.stringify({ ...own, layers_per_ipu: [6, 6, 6] }));
    await expect.poll(() => page.locator('[role=alert]').first().innerText()).toContain('layers_per_ipu');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('says why a setup cannot run, keeps the last picture, and spreads the layers when asked', async () => {
    const { page } = await open();
    await page.getByLabel('Model', { exact: true }).selectOption('bert-base');
    const problem = page.locator('.problem');
    await problem.waitFor();
    await page.screenshot({ path: join(SCREENSHOTS, 'playground-problem.png') });
    expect(await problem.innerText()).toMatch(/^This cannot run. layers_per_ipu/);
    expect(await page.locator('.highlights.stale .none').allInnerTexts()).toEqual(new Array(5).fill('–'));
    expect(await page.locator('.time.stale .timeline').count()).toBe(1);
    await page.getByRole('button', { name: 'Spread the layers evenly' }).click();
    await expect.poll(() => rows(page)).toEqual([3, 3, 3, 3]);
    expect(await problem.count()).toBe(0);
    const even = preset({ layers_per_ipu: [3, 3, 3, 3] });
    const model = publishedModel('bert-base')!;
    await expectThroughput(page, simulated(even, { model }).rates.sequencesPerSecond);
    await page.context().close();
  });

  it('says what would help when memory is short', async () => {
    const { page } = await open();
    await page.getByLabel('Micro-batch').fill('16');
    await page.locator('.advice li').first().waitFor();
    expect(await page.locator('.advice').innerText()).toMatch(/saves .* MiB/);
    expect(await page.locator('.ipu-figures .over').count()).toBeGreaterThan(0);
    expect(await page.locator('.problem').innerText()).toMatch(/^This cannot run. It does not fit: IPU 0/);
    expect(await page.locator('.time-bar.stale').count()).toBe(1);
    const notice = (): Promise<string> => page.locator('.notice').innerText();
    await page.getByRole('button', { name: 'Micro-batch 8' }).click();
    await expect.poll(notice).toBe('Set Micro-batch 8. It still does not fit.');
    await expectStruck(page, simulated(preset(), { microBatch: 8 }).rates.sequencesPerSecond);
    await page.getByRole('button', { name: 'Micro-batch 4' }).click();
    await expect.poll(notice).toBe('Set Micro-batch 4. It fits now.');
    await expectThroughput(page, simulated(preset(), { microBatch: 4 }).rates.sequencesPerSecond);
    expect(await page.locator('.advice').count()).toBe(0);
    await page.context().close();
  });

  it.each(['light', 'dark'] as const)('fits a phone, %s, and is dragged by a finger', async (theme) => {
    const { page, complaints } = await open({
      colorScheme: theme,
      viewport: PHONE,
      deviceScaleFactor: 2,
      hasTouch: true,
    });
    await page.screenshot({ path: join(SCREENSHOTS, `playground-phone-${theme}.png`), fullPage: true });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBe(PHONE.width);
    const before = await rows(page);
    await page.locator('[data-layer="20"]').scrollIntoViewIfNeeded();
    const from = (await page.locator('[data-layer="20"]').boundingBox())!;
    const to = (await page.locator('[data-ipu="2"] b').boundingBox())!;
    const session = await page.context().newCDPSession(page);
    const touch = (type: 'touchStart' | 'touchMove' | 'touchEnd', x?: number, y?: number): Promise<unknown> =>
      session.send('Input.dispatchTouchEvent', {
        type,
        touchPoints: x === undefined ? [] : [{ x, y: y! }],
      });
    await touch('touchStart', from.x + 10, from.y + 10);
    await touch('touchMove', to.x + 10, to.y + 20);
    await touch('touchMove', to.x + 10, to.y + 5);
    await touch('touchEnd');
    await expect
      .poll(() => rows(page))
      .toEqual(before.map((count, ipu) => count + 4 * (Number(ipu === 2) - Number(ipu === 3))));
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('opens with what the program gives it: 16 IPUs, 64 micro-batches', async () => {
    const { page, complaints } = await openFile(browser, sixteen);
    expect(await rows(page)).toHaveLength(16);
    await page.screenshot({ path: join(SCREENSHOTS, 'playground-sixteen.png'), fullPage: true });
    expect(await page.getByLabel('System').inputValue()).toBe('bow-pod16');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('stays below 500 kB', async () => {
    expect((await stat(STATIC_PAGE)).size).toBeLessThan(500_000);
  });
});
