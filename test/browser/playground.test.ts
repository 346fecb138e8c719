import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { IpuConfig } from 'ipu-pipeline';
import { loadPreset } from 'ipu-pipeline/config';
import {
  configuredRun,
  planConfig,
  publishedModel,
  simulateIpus,
  systemByName,
  type IpuRunSettings,
} from 'ipu-pipeline/simulator';
import { playgroundHtml } from 'ipu-pipeline/report';
import { browserHere, launch, openFile, SCREENSHOTS, type OpenPage } from './chromium.js';
import { SIXTEEN } from './playground-sixteen.js';

const STATIC_PAGE = resolve(import.meta.dirname, '../../dist/playground/index.html');
const PHONE = { width: 390, height: 844 };

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

/** What the page opens with, run by the library. */
const SETTINGS: IpuRunSettings = {
  model: publishedModel('bert-large')!,
  hardware: systemByName('pod16'),
  mode: 'training',
  sequenceLength: 384,
  microBatch: 1,
};

function simulated(
  config: IpuConfig,
  settings: Partial<IpuRunSettings> = {},
): ReturnType<typeof simulateIpus> {
  return simulateIpus(configuredRun(config, { ...SETTINGS, ...settings }).run);
}

function preset(changes: Record<string, unknown> = {}): IpuConfig {
  const { config } = loadPreset('bert-large-ipu');
  for (const [name, value] of Object.entries(changes)) config.set(name, value);
  return config;
}

/** As the page writes figures: three significant ones. */
const shown = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

const throughput = (page: Page): Promise<string> => page.locator('.highlights dd b').first().innerText();
const expectThroughput = (page: Page, value: number): Promise<void> =>
  expect.poll(() => throughput(page)).toBe(`${shown(value)} seq/s`);
const rows = (page: Page): Promise<number[]> =>
  page.evaluate(
    `[...document.querySelectorAll('.ipu')].map((ipu) => ipu.querySelectorAll('[data-layer]').length)`,
  );
const picture = (page: Page): Promise<string> =>
  page.evaluate(`document.querySelector('.timeline-canvas canvas').toDataURL()`);

async function dragLayer(page: Page, layer: number, ipu: number): Promise<void> {
  await page.locator(`[data-layer="${layer}"]`).scrollIntoViewIfNeeded();
  await page.locator(`[data-layer="${layer}"]`).hover();
  await page.mouse.down();
  const to = (await page.locator(`[data-ipu="${ipu}"]`).boundingBox())!;
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 5 });
}

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
    await dragLayer(page, 20, 1);
    const layers = before.map((count, ipu) => count + Number(ipu === 1) - Number(ipu === 3));
    expect(await rows(page)).toEqual(layers);
    await page.screenshot({ path: join(SCREENSHOTS, 'playground-drag.png') });
    await page.mouse.up();
    expect(await rows(page)).toEqual(layers);
    const simulation = simulated(preset({ layers_per_ipu: layers }));
    await expectThroughput(page, simulation.rates.sequencesPerSecond);
    expect(await page.locator('.ipu-figures').nth(1).innerText()).toContain(
      `${Math.round((simulation.memory[1]!.totalBytes / simulation.memory[1]!.limitBytes) * 100)} % memory`,
    );
    expect(await picture(page)).not.toBe(was);
    expect(complaints).toEqual([]);
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
    await page.locator('[data-layer="9"]').focus();
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('ArrowDown');
    const from = before.findIndex((_, ipu) => before.slice(0, ipu + 1).reduce((a, b) => a + b, 0) > 9);
    await expect
      .poll(() => rows(page))
      .toEqual(before.map((count, ipu) => count + Number(ipu === from + 2) - Number(ipu === from)));
    expect(await page.evaluate('document.activeElement.closest("[data-ipu]").dataset.ipu')).toBe(
      `${from + 2}`,
    );
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
    await expectThroughput(page, simulated(new IpuConfig(own)).rates.sequencesPerSecond);
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
    expect(await page.locator('.stale').count()).toBe(1);
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
      .toEqual(before.map((count, ipu) => count + Number(ipu === 2) - Number(ipu === 3)));
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
