import { expect, it } from 'vitest';
import { shared } from '../shared-data.js';
import { missing, run } from './models.js';

it.skipIf(!shared.available).each(['bert', 'families'])(
  'executors agree with upstream, every layer, within 5 natural errors: %s',
  { timeout: 600_000 },
  async (folder) => {
    const dir = shared.path(folder);
    expect(missing(dir)).toBeUndefined();
    const failures: Record<string, string> = {};
    let results = 0;
    await run(dir, (name, error) => {
      results++;
      if (error !== undefined) failures[name] = error;
    });
    expect(failures).toEqual({});
    expect(results).toBeGreaterThan(0);
  },
);
