import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium, type Browser, type BrowserContextOptions, type Page } from 'playwright-core';

const EXECUTABLE = process.env['IPU_PIPELINE_CHROMIUM'] ?? '/usr/bin/chromium';
/** Build output, not in the repository. */
export const SCREENSHOTS = resolve(import.meta.dirname, '../../test-output/screenshots');

/** The browser of the system; tests that need it are skipped where it is not. */
export const browserHere = existsSync(EXECUTABLE);
if (!browserHere) {
  const why = `${EXECUTABLE} is not there (apt-get install chromium)`;
  if (process.env['CI']) throw new Error(`CI needs a browser: ${why}`);
  console.log(`skipped: tests in a browser, because ${why}`);
}

/** @param args beside what a browser without a screen, run by root, needs */
export async function launch(args: readonly string[] = []): Promise<Browser> {
  await mkdir(SCREENSHOTS, { recursive: true });
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', ...args],
  });
}

export interface OpenPage {
  readonly page: Page;
  /** Messages of the console that are errors or warnings, and exceptions. */
  readonly complaints: readonly string[];
  /** Everything that the page asked for beyond its own file. */
  readonly requests: readonly string[];
}

/** Opens a file from disk and waits for its timeline, where it is to have one. */
export async function openFile(
  browser: Browser,
  file: string,
  options: BrowserContextOptions & { readonly hasTimeline?: boolean } = {},
): Promise<OpenPage> {
  const { hasTimeline = true, ...contextOptions } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...contextOptions });
  const page = await context.newPage();
  const [complaints, requests]: [string[], string[]] = [[], []];
  const url = pathToFileURL(file).href;
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => {
    if (request.url() !== url) requests.push(request.url());
  });
  await page.goto(url);
  if (hasTimeline) {
    await page.waitForFunction(() => performance.getEntriesByName('timeline-drawn').length > 0);
  }
  return { page, complaints, requests };
}
