import { describe, expect, it } from 'vitest';
import { shared } from '../shared-data.js';
import * as qa from './qa.js';
import * as tokenizer from './tokenizer.js';

describe.skipIf(!shared.available)('goldens of Hugging Face', () => {
  it.each([
    ['tokenizer', tokenizer],
    ['question answering', qa],
  ])('%s', async (_, module) => {
    const dir = shared.path('bert');
    expect(module.missing(dir)).toBeUndefined();
    const failures: string[] = [];
    let passed = 0;
    await module.run(dir, (name, error) =>
      error === undefined ? passed++ : failures.push(`${name}: ${error}`),
    );
    expect(failures).toEqual([]);
    expect(passed).toBeGreaterThan(0);
  });
});
