import { describe, expect, it } from 'vitest';
import { entitiesOf, type Aggregation } from 'ipu-pipeline/internals';

const LABELS = { 0: 'O', 1: 'B-PER', 2: 'I-PER', 3: 'B-LOC', 4: 'I-LOC' };

/** Pieces of 2 characters each; `##` continues a word; the scores are of O, B-PER, I-PER, B-LOC, I-LOC. */
function entities(aggregation: Aggregation, ...pieces: (readonly [string, ...number[]])[]): string[] {
  const given = pieces.map(([name, ...scores], at) => ({
    ...{ start: 3 * at, end: 3 * at + 2, continuesWord: name.startsWith('##') },
    scores: [...scores, ...[0, 0, 0, 0, 0]].slice(0, 5),
  }));
  return entitiesOf(given, LABELS, aggregation).map(
    ({ label, score, start, end }) => `${label} ${start}-${end} ${score.toFixed(2)}`,
  );
}

const john = [
  ['jo', 0.1, 0.8, 0.1],
  ['##hn', 0.6, 0, 0.4],
  ['doe', 0.2, 0, 0.6, 0.2],
  ['in', 0.9, 0.1],
  ['ohio', 0.2, 0, 0, 0.7, 0.1],
] as const;

describe('entities of labelled pieces', () => {
  it('are the pieces themselves without aggregation, what is outside left out', () => {
    expect(entities('none', ...john)).toEqual(['B-PER 0-2 0.80', 'I-PER 6-8 0.60', 'B-LOC 12-14 0.70']);
  });

  it('are neighbours under one tag: a piece outside parts them', () => {
    expect(entities('simple', ...john)).toEqual(['PER 0-2 0.80', 'PER 6-8 0.60', 'LOC 12-14 0.70']);
  });

  it('give a whole word the label of its first piece', () => {
    expect(entities('first', ...john)).toEqual(['PER 0-8 0.70', 'LOC 12-14 0.70']);
  });

  it('or of its mean scores', () => {
    expect(entities('average', ...john)).toEqual(['PER 0-8 0.50', 'LOC 12-14 0.70']);
  });

  it('or of its surest piece', () => {
    const sure = [
      ['jo', 0.5, 0.4],
      ['##hn', 0, 0, 0, 0.9],
    ] as const;
    expect(entities('max', ...sure)).toEqual(['LOC 0-5 0.90']);
    expect(entities('first', ...sure)).toEqual([]);
  });

  it('begin anew with B-, even after their own kind', () => {
    const pieces = [
      ['a', 0, 1],
      ['b', 0, 1],
      ['c', 0, 0, 1],
      ['d', 0, 0, 0, 0, 1],
    ] as const;
    expect(entities('simple', ...pieces)).toEqual(['PER 0-2 1.00', 'PER 3-8 1.00', 'LOC 9-11 1.00']);
  });

  it.each([
    ['BIOES', 'E', 'S'],
    ['BILOU', 'L', 'U'],
  ])('end with the last letters of %s, which stand under the same tag', (_, end, single) => {
    const labels = ['O', 'B-PER', 'I-PER', `${end}-PER`, `${single}-PER`, `${single}-LOC`];
    const given = [
      'B-PER',
      'I-PER',
      `${end}-PER`,
      'I-PER',
      `${single}-PER`,
      `${single}-PER`,
      `${single}-LOC`,
    ];
    const pieces = given.map((label, at) => ({
      ...{ start: at, end: at + 1, continuesWord: false },
      scores: labels.map((one) => (one === label ? 1 : 0)),
    }));
    const shown = (aggregation: Aggregation, names: readonly string[]) =>
      entitiesOf(pieces, Object.fromEntries(names.entries()), aggregation).map(
        (one) => `${one.label} ${one.start}-${one.end}`,
      );
    expect(shown('simple', labels)).toEqual(['PER 0-3', 'PER 3-4', 'PER 4-5', 'PER 5-6', 'LOC 6-7']);
    expect(shown('none', labels)).toContain(`${end}-PER 2-3`);
  });

  it('keep labels whole that no B- or I- stands beside', () => {
    const pieces = [0, 1].map((at) => ({
      ...{ start: at, end: at + 1 },
      continuesWord: false,
      scores: [1, 0],
    }));
    const [entity] = entitiesOf(pieces, { 0: 'E-MAIL', 1: 'O' }, 'simple');
    expect(entity).toMatchObject({ label: 'E-MAIL', start: 0, end: 2 });
  });
});
