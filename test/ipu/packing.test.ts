import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { InputError } from 'ipu-pipeline';
import {
  checkLengths,
  type LengthHistogram,
  packRows,
  parseLengths,
  parsePoints,
  PUBLISHED_LENGTHS,
  publishedLengths,
} from 'ipu-pipeline/simulator';
import { describe, expect, it } from 'vitest';
import { shared } from '../shared-data.js';

const cases = fc.integer({ min: 1, max: 64 }).chain((rowLength) =>
  fc.record({
    rowLength: fc.constant(rowLength),
    counts: fc.array(fc.tuple(fc.integer({ min: 1, max: rowLength }), fc.integer({ min: 0, max: 300 })), {
      minLength: 1,
      maxLength: 20,
    }),
    mostPerRow: fc.option(fc.integer({ min: 1, max: 8 }), { nil: undefined }),
  }),
);

function histogramOf(pairs: readonly (readonly [number, number])[]): LengthHistogram {
  return { source: 'test', counts: new Map(pairs) };
}

describe('packing sequences into rows', () => {
  it('places every sequence once, in rows that are no longer than they may be and no more than with padding', () => {
    fc.assert(
      fc.property(cases, ({ rowLength, counts, mostPerRow }) => {
        const histogram = histogramOf(counts);
        const packing = packRows(histogram, rowLength, mostPerRow === undefined ? {} : { mostPerRow });
        const placed = new Map<number, number>();
        for (const { lengths, rows } of packing.packs) {
          expect(rows).toBeGreaterThan(0);
          expect(lengths.reduce((sum, length) => sum + length, 0)).toBeLessThanOrEqual(rowLength);
          expect(lengths.length).toBeLessThanOrEqual(mostPerRow ?? rowLength);
          for (const length of lengths) placed.set(length, (placed.get(length) ?? 0) + rows);
        }
        const given = [...histogram.counts].filter(([, count]) => count > 0);
        expect([...placed].toSorted(([a], [b]) => a - b)).toEqual(given.toSorted(([a], [b]) => a - b));
        const sequences = given.reduce((sum, [, count]) => sum + count, 0);
        expect(packing.sequences).toBe(sequences);
        expect(packing.rows).toBeLessThanOrEqual(sequences);
        if (sequences > 0) {
          expect(packing.efficiency).toBeLessThanOrEqual(1);
          expect(packing.sequencesPerRow * packing.paddedEfficiency).toBeCloseTo(packing.efficiency, 12);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('leaves no two rows that would fit in one', () => {
    fc.assert(
      fc.property(cases, ({ rowLength, counts }) => {
        const { packs } = packRows(histogramOf(counts), rowLength);
        const used = packs.flatMap(({ lengths, rows }) =>
          new Array<number>(Math.min(rows, 2)).fill(lengths.reduce((sum, length) => sum + length, 0)),
        );
        const [least = rowLength, next = rowLength] = used.toSorted((a, b) => a - b);
        expect(least + next).toBeGreaterThan(rowLength);
      }),
      { numRuns: 100 },
    );
  });

  it('reaches what is published for Wikipedia with 12 sequences to a row at most', () => {
    // graphcore/examples, tutorials/blogs_code/packedBERT/README.md.
    const { efficiency, sequencesPerRow, sequences, paddedEfficiency } = packRows(
      publishedLengths('wikipedia')!,
      512,
      { mostPerRow: 12 },
    );
    expect(sequences).toBe(16_279_552);
    expect((efficiency * 100).toFixed(4)).toBe('99.8129');
    expect(sequencesPerRow.toFixed(5)).toBe('1.99758');
    expect((1 / paddedEfficiency).toFixed(4)).toBe('2.0013');
  });

  it.skipIf(!shared.available)('agrees with the packed rows of measured runs', () => {
    const points = parsePoints(JSON.parse(readFileSync(shared.path('ipu/points.json'), 'utf8')));
    const packed = points.filter(({ run }) => run.sequenceLength === 512 && run.sequencesPerRow === 2);
    expect(packed).toHaveLength(4);
    const { sequencesPerRow } = packRows(publishedLengths('wikipedia')!, 512);
    expect(sequencesPerRow).toBeCloseTo(2, 2);
  });
});

describe('lengths of sequences', () => {
  it('are read in every form alike', () => {
    const forms = [
      '3\n3\n\n8\n',
      '3,2\r\n8,1',
      'length,count\n3,2\n8,1\n9,0',
      '[3, 8, 3]',
      '[[3, 2], [8, 1]]',
      '{"3": 2, "8": 1}',
    ];
    for (const form of forms) {
      const { counts } = parseLengths(form, 'f');
      expect([counts.get(3), counts.get(8)]).toEqual([2, 1]);
    }
  });

  it.each([
    ['', 'f has no sequences'],
    ['5,0', 'f has no sequences'],
    ['7\n0', 'f, line 2: "0" is no length'],
    ['7\n1.5', 'f, line 2: "1.5" is no length'],
    ['7,x', 'f, line 1: the count "x"'],
    ['7,1,1', 'f, line 1: "7,1,1" is no length'],
    ['[7, -1]', 'f: 1 is -1'],
    ['{"7": 1.5}', 'f: 7 is 1.5'],
    ['{"seven": 1}', 'f: the length "seven" is no length'],
    ['[7,', 'f is not valid JSON'],
  ])('of %j are refused by name', (text, message) => {
    expect(() => parseLengths(text, 'f')).toThrow(InputError);
    expect(() => parseLengths(text, 'f')).toThrow(message);
  });

  it('that are longer than a row are refused with how many there are', () => {
    const histogram = parseLengths('500,3\n400,2\n384', 'f');
    expect(() => checkLengths(histogram, 384, '--seq-len')).toThrow(
      'f: 5 sequences are longer than a row of 384 tokens, the longest has 500. Give --seq-len 500 or more',
    );
    expect(() => checkLengths(histogram, 500, '--seq-len')).not.toThrow();
  });

  it('of published data sets name their source', () => {
    expect(PUBLISHED_LENGTHS).toEqual(['squad', 'wikipedia']);
    for (const name of PUBLISHED_LENGTHS) expect(publishedLengths(name)!.source).toMatch(/arXiv 2107\.02027/);
    expect(publishedLengths('toString')).toBeUndefined();
  });
});
