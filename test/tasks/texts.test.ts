import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { openSession } from 'ipu-pipeline';
import { PIECES } from '../model-directory.js';
import { all, LABELS, only, openSmall, outputs, removeModels, smallModel, texts } from './sessions.js';

afterAll(removeModels);

/** Padding changes the order of additions, and so the last digits. */
const rounded = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (_, x: unknown) => (typeof x === 'number' ? Math.round(x * 1e4) : x));
const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);

describe('tasks', () => {
  it('give each input its own result, in order, whatever shares a micro-batch and whatever cuts the model', async () => {
    await using one = await openSmall('BertForSequenceClassification', 'classify');
    await using many = await openSmall('BertForSequenceClassification', 'classify', {
      ...{ microBatch: 3, lookahead: 5, layers: [1, 3] },
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 17 }), async (lengths) => {
        const inputs = texts(...lengths);
        const alone = await outputs(one.stream(inputs));
        const together = await all(many.stream(inputs));
        expect(together.map(({ input }) => input)).toEqual(inputs);
        expect(rounded(together)).toEqual(rounded(inputs.map((input, at) => ({ input, output: alone[at] }))));
      }),
      { numRuns: 15 },
    );
  });

  it('have scores that are probabilities, and the best first', async () => {
    await using session = await openSmall('BertForSequenceClassification', 'classify');
    const pair = { text: 'the red fox', pair: 'jumps' };
    const { label, score, scores } = await only(session.stream([pair]));
    expect(scores.map((one) => one.label).sort()).toEqual(Object.values(LABELS).sort());
    expect(sum(scores.map((one) => one.score))).toBeCloseTo(1, 9);
    expect(scores[0]).toEqual({ label, score });
    expect(score).toBe(Math.max(...scores.map((one) => one.score)));
    const alone = await only(session.stream([{ text: pair.text }]));
    expect(rounded(alone.scores)).not.toEqual(rounded(scores));
  });

  it.each([
    ['multi_label_classification', (x: number) => 1 / (1 + Math.exp(-x))],
    ['single_label_classification', undefined],
  ])('score labels as the problem type %s says', async (problem_type, one) => {
    const architectures = ['BertForSequenceClassification'];
    const open = async (type: string) => {
      const model = await smallModel({ architectures, problem_type: type });
      return openSession({ model, task: 'classify', executor: 'reference' });
    };
    await using raw = await open('regression');
    await using session = await open(problem_type);
    const logits = (await only(raw.stream(texts(4)))).scores.map(({ score }) => score);
    const scores = (await only(session.stream(texts(4)))).scores.map(({ score }) => score);
    const total = sum(logits.map(Math.exp));
    const expected = logits.map((x) => (one ? one(x) : Math.exp(x) / total));
    scores.forEach((score, at) => expect(score).toBeCloseTo(expected[at]!, 6));
  });

  it('label a text of any length once from end to end', async () => {
    await using session = await openSmall('BertForTokenClassification', 'label', {
      microBatch: 2,
    });
    const [input] = texts(60) as [{ text: string }];
    const { entities } = await only(session.stream([input], { options: { aggregation: 'none', stride: 5 } }));
    let from = 0;
    for (const { start, end, text } of entities) {
      expect(start).toBeGreaterThanOrEqual(from);
      expect(input.text.slice(start, end)).toBe(text);
      from = end;
    }
    expect(entities.length).toBeGreaterThan(0);
    const short = texts(15);
    const whole = await only(session.stream(short));
    expect(await only(session.stream(short, { options: { stride: 0 } }))).toEqual(whole);
  });

  it('choose among choices that run as rows of their own', async () => {
    await using session = await openSmall('BertForMultipleChoice', 'choose', { microBatch: 2 });
    const choices = ['jumps', 'sleeps and then jumps over the dog', 'a'];
    const { choice, text, scores } = await only(session.stream([{ prompt: 'the fox', choices }]));
    expect(choices[choice]).toBe(text);
    expect(scores).toHaveLength(3);
    expect(scores[choice]).toBe(Math.max(...scores));
    expect(sum(scores)).toBeCloseTo(1, 9);
    const turned = await only(session.stream([{ prompt: 'the fox', choices: [...choices].reverse() }]));
    expect(turned.text).toBe(text);
    expect(rounded([...turned.scores].reverse())).toEqual(rounded(scores));
  });

  it('fill each mask where it stands', async () => {
    await using session = await openSmall('BertForMaskedLM', 'fill', { layers: [2, 2] });
    const input = { text: 'the [MASK] jumps over [MASK] .' };
    const { masks, text } = await only(session.stream([input], { options: { topK: 3 } }));
    expect(masks.map(({ start, end }) => input.text.slice(start, end))).toEqual(['[MASK]', '[MASK]']);
    expect(text).not.toContain('[MASK]');
    for (const { candidates } of masks) {
      expect(candidates).toHaveLength(3);
      expect([...candidates].sort((a, b) => b.score - a.score)).toEqual(candidates);
      for (const { token, id } of candidates) expect(PIECES[id]).toBe(token);
    }
  });

  it('embed as the mean of the hidden states, without padding', async () => {
    await using session = await openSmall('BertForQuestionAnswering', 'embed', { microBatch: 4 });
    const inputs = texts(2, 9, 17);
    const together = await outputs(session.stream(inputs, { options: { normalize: true } }));
    for (const [at, input] of inputs.entries()) {
      expect(rounded(together[at])).toEqual(
        rounded(await only(session.stream([input], { options: { normalize: true } }))),
      );
      expect(Math.hypot(...together[at]!.embedding)).toBeCloseTo(1, 5);
    }
    const cls = await only(
      session.stream(inputs.slice(0, 1), { options: { pooling: 'cls', normalize: true } }),
    );
    expect(cls.embedding).toHaveLength(16);
    expect(rounded(cls.embedding)).not.toEqual(rounded(together[0]!.embedding));
  });

  it('embed with the pooler where there is one', async () => {
    await using session = await openSmall('BertModel', 'embed', { options: { pooling: 'pooler' } });
    const { embedding } = await only(session.stream(texts(5)));
    expect(embedding).toHaveLength(16);
    for (const x of embedding) expect(Math.abs(x)).toBeLessThanOrEqual(1);
    await using plain = await openSmall('BertModel', 'embed');
    const mean = await only(plain.stream(texts(5)));
    expect(rounded(mean.embedding)).not.toEqual(rounded(embedding));
  });

  it('take a head out of a pre-training model', async () => {
    const pair = { first: 'the fox', second: 'jumps' };
    await using next = await openSmall('BertForPreTraining', 'next-sentence');
    const alone = await only(next.stream([pair]));
    expect(alone.isNext).toBe(alone.probability > 0.5);
    await using fill = await openSmall('BertForPreTraining', 'fill');
    const filled = await only(fill.stream([{ text: 'a [MASK]' }]));
    expect(filled.masks).toHaveLength(1);
  });

  it('answer questions of several windows beside short ones', async () => {
    await using session = await openSmall('BertForQuestionAnswering', 'answer', {
      microBatch: 3,
    });
    const inputs = texts(80, 3, 40).map(({ text }) => ({ question: 'who ?', context: text }));
    const together = await outputs(session.stream(inputs));
    for (const [at, input] of inputs.entries()) {
      const alone = await only(session.stream([input]));
      expect(rounded(together[at])).toEqual(rounded(alone));
      expect(input.context.slice(alone.start, alone.end)).toBe(alone.text);
    }
  });
});
