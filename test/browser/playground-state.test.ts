import { pathToFileURL } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { browserHere, launch, openFile, SCREENSHOTS, type OpenPage } from './chromium.js';
import {
  dragLayer,
  expectThroughput,
  PHONE,
  picture,
  preset,
  rows,
  simulated,
  STATIC_PAGE,
} from './playground-page.js';

let browser: Browser;
beforeAll(async () => {
  if (browserHere) browser = await launch();
});
afterAll(() => browser?.close());

const open = (options: Parameters<typeof openFile>[2] = {}): Promise<OpenPage> =>
  openFile(browser, STATIC_PAGE, options);
const button = (page: Page, name: string): ReturnType<Page['getByRole']> =>
  page.getByRole('button', { name, exact: true });
const link = (page: Page): Promise<string> => page.evaluate('location.hash');
const notice = (page: Page): Promise<string> => page.locator('.notice').innerText();

/** Of what is to be in sight: what is not. */
function outOfSight(page: Page, selectors: readonly string[]): Promise<string[]> {
  return page.evaluate(`${JSON.stringify(selectors)}.flatMap((selector) => {
    const all = [...document.querySelectorAll(selector)];
    if (all.length === 0) return [selector + ' is not there'];
    return all.flatMap((one, at) => {
      const { left, top, right, bottom, width, height } = one.getBoundingClientRect();
      const isIn = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight && width * height > 0;
      return isIn ? [] : [selector + ' ' + at];
    });
  })`);
}

/** As from a file manager, in the middle of the picture. */
async function drop(page: Page, files: Readonly<Record<string, unknown>>): Promise<void> {
  await page.evaluate(`(() => {
    const dataTransfer = new DataTransfer();
    for (const [name, value] of Object.entries(${JSON.stringify(files)})) {
      dataTransfer.items.add(new File([JSON.stringify(value)], name, { type: 'application/json' }));
    }
    const target = document.querySelector('.timeline-canvas');
    const send = (type) => target.dispatchEvent(
      new DragEvent(type, { dataTransfer, bubbles: true, cancelable: true }),
    );
    if (send('dragover')) throw new Error('the page would be left for the file');
    send('drop');
  })()`);
}

describe.skipIf(!browserHere)('the state of the playground', () => {
  it.each([
    ['1280 × 720', { viewport: { width: 1280, height: 720 } }],
    ['a phone', { viewport: PHONE, deviceScaleFactor: 2, hasTouch: true }],
  ])('has board, timeline and figures in sight on %s', async (name, options) => {
    const { page } = await open(options);
    const figures = [1, 2, 3].map((at) => `.highlights > div:nth-child(${at})`);
    expect(
      await outOfSight(page, ['.ipu', '.timeline-canvas', '.time-bar', '.status-line', ...figures]),
    ).toEqual([]);
    expect(await page.locator('.highlights dt').allInnerTexts()).toEqual(
      expect.arrayContaining(['throughput', 'memory', 'bubble']),
    );
    await page.mouse.wheel(0, 600);
    await expect.poll(() => page.evaluate<number>('scrollY')).toBeGreaterThan(0);
    expect(await outOfSight(page, figures)).toEqual([]);
    if (name === 'a phone') {
      expect(await page.getByLabel('Micro-batch').isVisible()).toBe(false);
      await button(page, 'Settings').click();
      await page.getByLabel('Micro-batch').fill('2');
      await page.keyboard.press('Escape');
      await expect.poll(() => page.getByLabel('Micro-batch').isVisible()).toBe(false);
      await expectThroughput(page, simulated(preset(), { microBatch: 2 }).rates.sequencesPerSecond);
    } else {
      expect(await outOfSight(page, ['.plan-box', '[aria-label="Micro-batch"]'])).toEqual([]);
    }
    await page.context().close();
  });

  it('undoes and redoes: a drag is one step, and fields follow', async () => {
    const { page } = await open();
    const first = await picture(page);
    expect(await button(page, 'Undo').isDisabled()).toBe(true);
    await dragLayer(page, 20, 1);
    await page.mouse.up();
    await page.getByLabel('Micro-batch').fill('2');
    await page.keyboard.press('Control+z');
    await expect.poll(() => page.getByLabel('Micro-batch').inputValue()).toBe('1');
    expect(await rows(page)).toEqual([3, 18, 0, 3]);
    await button(page, 'Undo').click();
    expect(await rows(page)).toEqual([3, 7, 7, 7]);
    expect(await picture(page)).toBe(first);
    await page.keyboard.press('Control+Shift+z');
    await button(page, 'Redo').click();
    expect(await rows(page)).toEqual([3, 18, 0, 3]);
    expect(await page.getByLabel('Micro-batch').inputValue()).toBe('2');
    expect(await button(page, 'Redo').isDisabled()).toBe(true);
    await page.context().close();
  });

  it('is in the address, and in the tab after a reload', async () => {
    const { page, complaints } = await open();
    await page.getByLabel('Mode', { exact: true }).selectOption('inference');
    await dragLayer(page, 18, 2);
    await page.mouse.up();
    await expect.poll(() => link(page)).toContain('mode=inference');
    await expect.poll(() => link(page)).toContain('C9%2C5%5D');
    const expected = simulated(preset({ inference_layers_per_ipu: [3, 7, 9, 5] }), { mode: 'inference' });
    const other = await (await browser.newContext()).newPage();
    await other.goto(`${pathToFileURL(STATIC_PAGE).href}${await link(page)}`);
    await expectThroughput(other, expected.rates.sequencesPerSecond);
    expect(await rows(other)).toEqual([3, 7, 9, 5]);
    await other.context().close();
    await page.reload();
    await expectThroughput(page, expected.rates.sequencesPerSecond);
    await button(page, 'Undo').click();
    await button(page, 'Undo').click();
    await expectThroughput(page, simulated(preset()).rates.sequencesPerSecond);
    // A link that is wrong says so, and changes nothing.
    await page.evaluate(`location.hash = '#v=1&model=bert-huge'`);
    await expect.poll(() => notice(page)).toMatch(/"bert-huge".*The page stays as it is/);
    await expectThroughput(page, simulated(preset()).rates.sequencesPerSecond);
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('sets two setups side by side, on one scale of time, with what differs', async () => {
    const { page } = await open();
    await button(page, 'Compare').click();
    await expect.poll(() => page.locator('.lane').count()).toBe(2);
    await page.getByLabel('Micro-batch').fill('2');
    const table = page.locator('.comparison table');
    const cells = async (label: string): Promise<string[]> =>
      table.locator('tr', { hasText: label }).first().locator('td').allInnerTexts();
    await expect.poll(() => cells('micro-batch')).toEqual(['1', '2', '']);
    const [kept, now] = [1, 2].map(
      (microBatch) => simulated(preset(), { microBatch }).rates.sequencesPerSecond,
    );
    expect((await cells('throughput')).map((cell) => cell.split(' ')[0])).toEqual([
      ...[kept!.toFixed(0), now!.toFixed(0)],
      `+${((now! / kept! - 1) * 100).toFixed(0)}`,
    ]);
    const [above, below] = await page.locator('.timeline-canvas').all();
    expect((await above!.boundingBox())!.x).toBe((await below!.boundingBox())!.x);
    expect(await page.locator('.lane').nth(1).locator('[data-layer]').count()).toBe(0);
    await page.screenshot({ path: `${SCREENSHOTS}/playground-compare.png`, fullPage: true });
    await button(page, 'Swap').click();
    await expect.poll(() => page.getByLabel('Micro-batch').inputValue()).toBe('1');
    await expect.poll(() => cells('micro-batch')).toEqual(['2', '1', '']);
    await page.context().close();
  });

  it('takes files that are dropped anywhere: a configuration, a model, or both as one change', async () => {
    const { page, complaints } = await open();
    const model = {
      ...{ model_type: 'bert', architectures: ['BertForQuestionAnswering'], _name_or_path: 'me/tiny-bert' },
      ...{ hidden_size: 256, num_hidden_layers: 5, num_attention_heads: 4, intermediate_size: 1024 },
      ...{ vocab_size: 1000, max_position_embeddings: 512, type_vocab_size: 2, hidden_act: 'gelu' },
    };
    await drop(page, {
      'config.json': model,
      'ipu_config.json': { layers_per_ipu: [2, 3], ipus_per_replica: 2 },
    });
    await expect.poll(() => rows(page)).toEqual([2, 3]);
    expect(await page.getByLabel('Model', { exact: true }).inputValue()).toBe('tiny-bert');
    await drop(page, { 'notes.json': { format: 'ipu-pipeline-benchmark' } });
    await expect.poll(() => notice(page)).toContain('ipu-pipeline report notes.json');
    expect(await rows(page)).toEqual([2, 3]);
    await button(page, 'Undo').click();
    expect(await rows(page)).toEqual([3, 7, 7, 7]);
    expect(await page.getByLabel('Model', { exact: true }).inputValue()).toBe('bert-large');
    expect(complaints).toEqual([]);
    await page.context().close();
  });

  it('shows nothing stale: no figure beside a bad field, no plan under another board', async () => {
    const { page } = await open();
    await button(page, 'Plan the best split').click();
    const plan = page.locator('.plan-box [role=status]');
    await expect.poll(() => plan.innerText()).toContain('the best of all');
    await dragLayer(page, 20, 1);
    await page.mouse.up();
    expect(await plan.innerText()).toBe('');
    await button(page, 'Undo').click();
    await page.getByLabel('Micro-batch').fill('many');
    const problem = page.locator('.problem');
    await expect.poll(() => problem.innerText()).toMatch(/^This cannot run. Micro-batch is “many”/);
    expect(await page.locator('.highlights b').count()).toBe(0);
    expect(await page.locator('.ipu-figures, .time-bar, .details').count()).toBe(0);
    expect(await page.locator('.time.stale').count()).toBe(1);
    await button(page, 'Back to what it was').click();
    expect(await problem.count()).toBe(0);
    expect(await page.getByLabel('Micro-batch').inputValue()).toBe('1');
    await page.context().close();
  });

  it('shows what it names as the bottleneck, and parts of the time that add up', async () => {
    const { page } = await open();
    expect(await page.locator('.status-line').innerText()).toMatch(/^Bound by host-call: \d+ % of the time/);
    expect(await page.locator('.timeline .legend').innerText()).toContain('host-call');
    const percents = (await page.locator('.time-bar p').innerText()).match(/\d+(?= %)/g)!.map(Number);
    expect(percents.pop()).toBe(100);
    expect(percents.reduce((sum, percent) => sum + percent, 0)).toBe(100);
    await page.context().close();
  });
});
