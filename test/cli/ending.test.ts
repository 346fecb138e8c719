import { rm } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeModel } from '../model-directory.js';
import { interruptAfterTwoLines, leaveAfterTwoLines, type Ending } from './end-early.js';

let model: string;
beforeAll(async () => {
  model = await writeModel({ config: { architectures: ['BertForSequenceClassification'] } });
});
afterAll(() => rm(model, { recursive: true }));

/** Three at a time: a thread that computes is then likely to be held up at any place. */
async function endings(count: number, end: () => Promise<Ending>): Promise<Ending[]> {
  const all: Ending[] = [];
  while (all.length < count) all.push(...(await Promise.all([end(), end(), end()])));
  return all;
}

it('a reader that has seen enough ends the command without a word, each of 30 times', async () => {
  const all = await endings(30, () => leaveAfterTwoLines(model));
  expect([...new Set(all.map(({ code, stderr }) => `${code} ${stderr}`))]).toEqual(['0 ']);
}, 120_000);

it.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('%s ends it with %i', async (signal, code) => {
  const all = await endings(3, () => interruptAfterTwoLines(model, signal));
  const told = `ipu-pipeline: stopped by ${signal}\n`;
  expect(all).toEqual(all.map(() => ({ code, stderr: expect.stringContaining(told) as string })));
});
