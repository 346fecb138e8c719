import { describe, expect, it } from 'vitest';
import { shared } from '../shared-data.js';
import * as byteLevel from './byte-level.js';
import * as placement from './placement.js';
import * as qa from './qa.js';
import type { GoldenModule } from './report.js';
import * as tokenizer from './tokenizer.js';
import * as tokenizerJson from './tokenizer-json.js';

describe.skipIf(!shared.available)('goldens of Hugging Face', () => {
  it.each([
    ['tokenizer', 'bert', tokenizer],
    ['tokenizer.json', 'families', tokenizerJson],
    ['byte-level BPE', 'families', byteLevel],
    ['placement', 'families', placement],
    ['question answering', 'bert', qa],
  ] as const)('%s', async (_, folder, module: GoldenModule) => {
    const dir = shared.path(folder);
    expect(module.missing(dir)).toBeUndefined();
    const failures: string[] = [];
    let passed = 0;
    await module.run(
      dir,
      (name, error) => void (error === undefined ? passed++ : failures.push(`${name}: ${error}`)),
      () => undefined,
    );
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(0);
  });
});
