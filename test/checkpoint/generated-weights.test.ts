import { readFile } from 'node:fs/promises';
import { GeneratedWeights } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { shared } from '../shared-data.js';

interface Vectors {
  vectors: { name: string; index: number[]; value: number[] }[];
}

describe('generated weights', () => {
  it.skipIf(!shared.available)('equal the published vectors of the weight generator', async () => {
    const file = shared.path('bert/golden/generated/generator-vectors.json');
    const { vectors } = JSON.parse(await readFile(file, 'utf8')) as Vectors;
    for (const { name, index, value } of vectors) {
      const size = Math.max(...index) + 1;
      const values = await new GeneratedWeights().tensor(name, [size]);
      index.forEach((i, at) => expect(values[i], `${name}[${i}]`).toBe(Math.fround(value[at]!)));
    }
  });

  it('differ by name and by seed, and repeat', async () => {
    const a = await new GeneratedWeights().tensor('a.weight', [8]);
    expect(await new GeneratedWeights().tensor('a.weight', [8])).toEqual(a);
    expect(await new GeneratedWeights().tensor('b.weight', [8])).not.toEqual(a);
    expect(await new GeneratedWeights(1).tensor('a.weight', [8])).not.toEqual(a);
  });
});
