import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { InputError } from 'ipu-pipeline';
import { parseSquad, squadV1Result, squadV2Result, type SquadQuestion } from 'ipu-pipeline/tasks';
import { answerExact, answerF1, noAnswerF1, normalizeAnswer } from 'ipu-pipeline/internals';
import * as squadMetrics from '../goldens/squad-metrics.js';
import { shared } from '../shared-data.js';

const question = (id: string, ...answers: string[]): SquadQuestion => ({
  ...{ id, question: 'who?', context: 'Ann met Bob.' },
  answers,
});

const fileOf = (questions: readonly SquadQuestion[], version?: string | number | null): string =>
  JSON.stringify({
    version,
    data: [
      {
        title: 'T',
        paragraphs: questions.map(({ context, ...rest }) => ({
          context,
          qas: [{ ...rest, answers: rest.answers.map((text) => ({ text, answer_start: 0 })) }],
        })),
      },
    ],
  });

describe('goldens of the official SQuAD scripts', () => {
  const dir = shared.path('bert');
  it.skipIf(!shared.available)(
    'all pass',
    async () => {
      expect(squadMetrics.missing(dir)).toBeUndefined();
      const wrong: string[] = [];
      let passed = 0;
      const report = (name: string, error?: string): void => {
        if (error === undefined) passed++;
        else wrong.push(`${name}: ${error}`);
      };
      await squadMetrics.run(dir, report, (what, why) => wrong.push(`skipped ${what}: ${why}`));
      expect(wrong).toEqual([]);
      expect(passed).toBeGreaterThan(0);
    },
    60_000,
  );
});

describe('reading a SQuAD file', () => {
  it('gives the questions in the order of the file, with their paragraphs', () => {
    const questions = [question('b', 'Ann', 'Bob'), question('a', 'Bob')];
    expect(parseSquad(fileOf(questions), 'x.json')).toEqual({ version: '1.1', questions });
  });

  it('takes a file with an unanswered question, or one that says so, as 2.0', () => {
    expect(parseSquad(fileOf([question('a')]), 'x').version).toBe('2.0');
    expect(parseSquad(fileOf([question('a', 'Ann')], 'v2.0'), 'x').version).toBe('2.0');
    expect(parseSquad(fileOf([question('a', 'Ann')], '1.1'), 'x').version).toBe('1.1');
    for (const [version, is] of [
      [1.1, '1.1'],
      [2, '2.0'],
      [2.0, '2.0'],
      [null, '1.1'],
    ] as const) {
      expect(parseSquad(fileOf([question('a', 'Ann')], version), 'x').version).toBe(is);
    }
    const python = fileOf([question('a', 'Ann')]).replace('"title":"T"', '"title":NaN');
    expect(parseSquad(python, 'x').questions).toHaveLength(1);
  });

  it.each([
    ['bad JSON, with its line', '{\n "data": [}', 'x.json is not valid JSON: line 2 column'],
    ['something else', '[1, 2]', 'x.json is no SQuAD file'],
    ['a text without questions', '{"data": []}', 'x.json holds no question'],
    [
      'a missing part, with its place',
      '{"data": [{"paragraphs": [{"qas": []}]}]}',
      'data.0.paragraphs.0.context',
    ],
    [
      'an id that stands twice',
      fileOf([question('q', 'a'), question('q', 'b')]),
      'two questions have the id "q"',
    ],
  ])('refuses %s', (_, text, message) => {
    expect(() => parseSquad(text, 'x.json')).toThrow(InputError);
    expect(() => parseSquad(text, 'x.json')).toThrow(message);
  });
});

describe('matching answers', () => {
  it('leaves out case, articles, ASCII punctuation and spare white space', () => {
    expect(normalizeAnswer('  The  U.S. Navy, a\u00a0fleet ')).toBe('us navy fleet');
    expect(normalizeAnswer('thé an_other 1a “a”')).toBe('thé another 1a “ ”');
  });

  it('differs between the scripts where there are no words', () => {
    expect([answerExact('the', 'a'), answerF1('the', 'a'), noAnswerF1('the', 'a')]).toEqual([1, 0, 1]);
    expect(noAnswerF1('the', 'fox')).toBe(0);
  });

  it('counts words that are repeated as often as both have them', () => {
    expect(answerF1('dog dog cat', 'dog fox')).toBeCloseTo((2 * (1 / 3) * (1 / 2)) / (1 / 3 + 1 / 2), 12);
  });

  it('is symmetric, within 0 and 1, and 1 for equal words, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (a, b) => {
        const f1 = noAnswerF1(a, b);
        expect(f1).toBeCloseTo(noAnswerF1(b, a), 12);
        expect(f1).toBeGreaterThanOrEqual(0);
        expect(f1).toBeLessThanOrEqual(1);
        expect(noAnswerF1(a, a)).toBe(1);
        if (answerExact(a, b) === 1) expect(f1).toBe(1);
      }),
    );
  });
});

describe('measuring', () => {
  it('1.1 counts a question without a prediction as wrong, and takes the best truth', () => {
    const questions = [question('1', 'Bob', 'the Ann'), question('2', 'Ann')];
    expect(squadV1Result(questions, new Map([['1', 'ann']]))).toEqual({ exact_match: 50, f1: 50 });
  });

  it('1.1 refuses a question without answers, 2.0 one without a prediction', () => {
    expect(() => squadV1Result([question('7')], new Map([['7', '']]))).toThrow('question 7 has no answers');
    expect(() => squadV2Result([question('7')], new Map())).toThrow(
      '1 of 1 questions have no prediction (7)',
    );
    expect(() => squadV2Result([], new Map())).toThrow(InputError);
  });

  it('2.0 finds the threshold that answers the sure questions only', () => {
    const questions = [question('yes', 'Ann'), question('no'), question('other', 'Bob')];
    const predictions = new Map([
      ['yes', 'Ann'],
      ['no', 'Bob'],
      ['other', 'Bob'],
    ]);
    const noAnswerScores = new Map([
      ['yes', 0.1],
      ['no', 0.9],
      ['other', 0.2],
    ]);
    const result = squadV2Result(questions, predictions, { noAnswerScores, noAnswerThreshold: 0.15 });
    expect(result).toMatchObject({ exact: (100 * 2) / 3, total: 3, HasAns_exact: 50, NoAns_exact: 100 });
    expect(result).toMatchObject({ best_exact: 100, best_exact_thresh: 0.2 });
    expect(squadV2Result(questions, predictions)).not.toHaveProperty('best_exact');
  });
});
