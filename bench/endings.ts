/**
 * The claim: `… | ipu-pipeline classify --input - --json | head -2` ends with 0 and without a word, and Ctrl-C with
 * 130, however often it is done: no thread of ONNX Runtime is ended while it computes, which would abort the process.
 *
 *     npx tsx bench/endings.ts [TIMES]
 */
import { rm } from 'node:fs/promises';
import { interruptAfterTwoLines, leaveAfterTwoLines, type Ending } from '../test/cli/end-early.js';
import { writeModel } from '../test/model-directory.js';

const times = Number(process.argv[2] ?? 1000);
const model = await writeModel({ config: { architectures: ['BertForSequenceClassification'] } });
const cases: readonly [string, () => Promise<Ending>, number][] = [
  ['reader gone', () => leaveAfterTwoLines(model), 0],
  ['SIGINT', () => interruptAfterTwoLines(model, 'SIGINT'), 130],
];
for (const [name, end, expected] of cases) {
  const seen = new Map<string, number>();
  for (let done = 0; done < times; done += 2) {
    for (const { code } of await Promise.all([end(), end()])) {
      seen.set(String(code), (seen.get(String(code)) ?? 0) + 1);
    }
  }
  console.log(`${name}: ${[...seen].map(([code, count]) => `${count} × ${code}`).join(', ')}`);
  if ([...seen.keys()].some((code) => code !== String(expected))) process.exitCode = 1;
}
await rm(model, { recursive: true });
