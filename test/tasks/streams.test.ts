import { setTimeout as later } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { InputError, openSession, RefusedInput } from 'ipu-pipeline';
import { all, openSmall, outputs, removeModels, smallModel, texts } from './sessions.js';

afterAll(removeModels);

describe('a stream of inputs', () => {
  const refused = new RefusedInput(new InputError('no such line'));

  it('has refused ones in their places, and goes on', async () => {
    await using session = await openSmall('BertForSequenceClassification', 'classify', {
      microBatch: 2,
    });
    const inputs = [refused, { text: 'a' }, { text: ' ' }, ...texts(30, 3), refused, refused];
    const results = await all(session.stream(inputs));
    expect(results.map((result) => 'error' in result)).toEqual([true, false, true, true, false, true, true]);
    const messages = results.flatMap((result) => ('error' in result ? [result.error.message] : []));
    expect(messages).toEqual([
      'no such line',
      'the text is empty.',
      expect.stringMatching(/has 32 pieces.*at most 24/) as string,
      'no such line',
      'no such line',
    ]);
    await using cutting = await openSmall('BertForSequenceClassification', 'classify', {
      options: { truncate: true },
    });
    expect(await outputs(cutting.stream(texts(30)))).toHaveLength(1);
  });

  it('is pulled no further than the reader and the window go, even when nothing can be run', async () => {
    await using session = await openSmall('BertForSequenceClassification', 'classify', {
      lookahead: 4,
    });
    for (const input of [{ text: 'the fox' }, refused]) {
      let pulled = 0;
      let closed = false;
      const endless = async function* () {
        try {
          for (;;) {
            pulled++;
            yield await Promise.resolve(input);
          }
        } finally {
          closed = true;
        }
      };
      let read = 0;
      for await (const _ of session.stream(endless())) {
        read++;
        await later(3);
        expect(pulled).toBeLessThanOrEqual(read + 2 * 4 + 1);
        if (read === 25) break;
      }
      expect(closed).toBe(true);
      expect(await outputs(session.stream(texts(3)))).toHaveLength(1);
    }
  });

  it('gives a result before the next input comes', async () => {
    await using session = await openSmall('BertForSequenceClassification', 'classify');
    let answered: () => void;
    const first = new Promise<void>((resolve) => (answered = resolve));
    const slow = async function* () {
      yield { text: 'the fox' };
      await first;
      yield { text: 'the dog' };
    };
    let count = 0;
    for await (const _ of session.stream(slow())) {
      count++;
      answered!();
    }
    expect(count).toBe(2);
  });

  it('that breaks ends with what broke it, after the results before', async () => {
    await using session = await openSmall('BertForSequenceClassification', 'classify');
    const broken = function* () {
      yield* texts(3, 9, 4);
      throw new Error('the disk is gone');
    };
    let count = 0;
    const run = async () => {
      for await (const _ of session.stream(broken())) count++;
    };
    await expect(run()).rejects.toThrow('the disk is gone');
    expect(count).toBe(3);
    expect(await outputs(session.stream(texts(3)))).toHaveLength(1);
  });

  it('ends too when the session is closed while it still reads ahead', async () => {
    const session = await openSmall('BertForSequenceClassification', 'classify');
    const failed = all(session.stream(texts(2, 3))).catch((error: unknown) => error);
    await session.close();
    expect(await failed).toBeInstanceOf(InputError);
  });

  it('ends with the error of a session that is closed under it', async () => {
    const session = await openSmall('BertForSequenceClassification', 'classify', {
      lookahead: 2,
    });
    const endless = function* () {
      for (;;) yield { text: 'the fox' };
    };
    const run = async () => {
      for await (const _ of session.stream(endless())) void session.close();
    };
    await expect(run()).rejects.toThrow(InputError);
  });
});

describe('a task that the model cannot do', () => {
  it('is refused by name', async () => {
    await expect(openSmall('BertForQuestionAnswering', 'fill')).rejects.toThrow(
      /has a question-answering head; this needs masked-lm/,
    );
    await expect(openSmall('BertForMaskedLM', 'next-sentence')).rejects.toThrow(/masked-lm head/);
  });

  it('lists the tensors that are missing where config.json names no head', async () => {
    const model = await smallModel({ architectures: null });
    await expect(openSession({ model, task: 'label' })).rejects.toThrow(/classifier\.weight/);
  });

  it.each([{ maxLength: 25 }, { maxLength: 0 }, { microBatch: 0 }, { lookahead: 1.5 }, { queueTokens: 0 }])(
    'is refused with %j',
    async (wrong) => {
      const model = await smallModel({});
      await expect(openSession({ model, task: 'answer', ...wrong })).rejects.toThrow(InputError);
    },
  );
});
