import { expect, it } from 'vitest';
import { shared } from '../shared-data.js';
import { missing, run } from './models.js';

/** Where families differ, executors do not: the slow ones run BERT's, and all of them with `npm run goldens`. */
const FEWER = ['reference', 'onnx', 'gpu.js:webasm'];

it.skipIf(!shared.available).each([
  ['bert', undefined],
  ['families', FEWER],
])(
  'executors agree with upstream, every layer, within 5 natural errors: %s',
  { timeout: 600_000 },
  async (folder, executors) => {
    const dir = shared.path(folder);
    expect(missing(dir)).toBeUndefined();
    const failures: Record<string, string> = {};
    let results = 0;
    const report = (name: string, error?: string): void => {
      results++;
      if (error !== undefined) failures[name] = error;
    };
    await run(dir, report, undefined, executors);
    expect(failures).toEqual({});
    expect(results).toBeGreaterThan(0);
  },
);
