import { resolve } from 'node:path';
import type { Page } from 'playwright-core';
import { expect } from 'vitest';
import type { IpuConfig } from 'ipu-pipeline';
import { loadPreset } from 'ipu-pipeline/config';
import {
  configuredRun,
  publishedModel,
  simulateIpus,
  systemByName,
  type IpuRunSettings,
} from 'ipu-pipeline/simulator';

/** The playground in a browser, and what it should say. */

export const STATIC_PAGE = resolve(import.meta.dirname, '../../dist/playground/index.html');
export const PHONE = { width: 390, height: 844 };

/** What the page opens with, run by the library. */
export const SETTINGS: IpuRunSettings = {
  model: publishedModel('bert-large')!,
  hardware: systemByName('pod16'),
  mode: 'training',
  sequenceLength: 384,
  microBatch: 1,
};

export function simulated(
  config: IpuConfig,
  settings: Partial<IpuRunSettings> = {},
): ReturnType<typeof simulateIpus> {
  return simulateIpus(configuredRun(config, { ...SETTINGS, ...settings }).run);
}

export function preset(changes: Record<string, unknown> = {}): IpuConfig {
  const { config } = loadPreset('bert-large-ipu');
  for (const [name, value] of Object.entries(changes)) config.set(name, value);
  return config;
}

/** As the page writes figures: three significant ones. */
const shown = (value: number): string =>
  value >= 100 ? value.toFixed(0) : value >= 10 ? value.toFixed(1) : value.toFixed(2);

const throughput = (page: Page): Promise<string> => page.locator('.highlights dd b').first().innerText();
export const expectThroughput = (page: Page, value: number): Promise<void> =>
  expect.poll(() => throughput(page)).toBe(`${shown(value)} seq/s`);
/** Of a run that does not fit: no figure that claims to be true. */
export const expectStruck = async (page: Page, value: number): Promise<void> => {
  await expect.poll(() => page.locator('.highlights s').first().innerText()).toBe(`${shown(value)} seq/s`);
  expect(await page.locator('.highlights b').allInnerTexts()).toEqual(['does not fit']);
};
/** Layers on each IPU. */
export const rows = (page: Page): Promise<number[]> =>
  page.evaluate(
    `[...document.querySelectorAll('.ipu')].map((ipu) => ipu.querySelectorAll('[data-layer]').length)`,
  );
export const picture = (page: Page): Promise<string> =>
  page.evaluate(`document.querySelector('.timeline-canvas canvas').toDataURL()`);

export async function dragLayer(page: Page, layer: number, ipu: number): Promise<void> {
  await page.locator(`[data-layer="${layer}"]`).scrollIntoViewIfNeeded();
  await page.locator(`[data-layer="${layer}"]`).hover();
  await page.mouse.down();
  const to = (await page.locator(`[data-ipu="${ipu}"]`).boundingBox())!;
  await page.mouse.move(to.x + to.width / 2, to.y + to.height / 2, { steps: 5 });
}
