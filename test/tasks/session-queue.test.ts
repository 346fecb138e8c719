import { setTimeout as later } from 'node:timers/promises';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import {
  openSession,
  QueueFullError,
  StageFailedError,
  type Classification,
  type TextToClassify,
} from 'ipu-pipeline';
import {
  CLASSIFIER,
  ends,
  openSlow,
  openSmall,
  outputs,
  removeModels,
  slowText,
  stopped,
  texts,
} from './sessions.js';

afterAll(removeModels);

describe('the queue', () => {
  it('holds no more tokens than its limit: others wait, in their order, or are refused', async () => {
    const { session } = await openSlow({ queueTokens: 60 });
    await using _ = session;
    const promises = Array.from({ length: 9 }, () => session.submit(slowText(0)));
    const { order, all } = ends(promises);
    const seen: number[] = [];
    const watch = setInterval(() => seen.push(session.load.tokens), 1);
    expect(session.load).toMatchObject({ requests: 3, waiting: 6, limitTokens: 60 });
    const refused = await session
      .submit({ text: 'word' }, { whenFull: 'refuse' })
      .catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(QueueFullError);
    expect((refused as QueueFullError).load).toMatchObject({ requests: 3, waiting: 6 });
    for (const { status } of await all) expect(status).toBe('fulfilled');
    clearInterval(watch);
    expect(order).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(Math.max(...seen)).toBeLessThanOrEqual(60);
    await expect(session.submit({ text: 'word' }, { whenFull: 'refuse' })).resolves.toBeDefined();
  });

  it('refuses what it can never take', async () => {
    await using session = await openSmall(CLASSIFIER, 'classify', { queueTokens: 10 });
    const [small, large] = texts(5, 15) as [TextToClassify, TextToClassify];
    const [first, second] = await Promise.allSettled([session.submit(large), session.submit(small)]);
    expect(first).toMatchObject({
      reason: { message: expect.stringMatching(/17 tokens.*\(10\).*stream/) as string },
    });
    expect(second.status).toBe('fulfilled');
    expect(await outputs(session.stream([large]))).toHaveLength(1);
  });

  it('lets streams and requests take turns', async () => {
    await using session = await openSmall(CLASSIFIER, 'classify', { lookahead: 4 });
    const endless = function* () {
      for (;;) yield { text: 'the fox' };
    };
    let streamed = 0;
    for await (const _ of session.stream(endless())) {
      streamed++;
      if (streamed % 10 > 0) continue;
      await session.submit({ text: 'the dog' });
      if (streamed === 50) break;
    }
    let isOver = false;
    const flood = Promise.all(
      Array.from({ length: 4 }, async () => {
        while (!isOver) await session.submit({ text: 'the dog' });
      }),
    );
    expect(await outputs(session.stream(texts(3, 4, 5, 6, 7, 8, 9, 10, 11)))).toHaveLength(9);
    isOver = true;
    await flood;
  });

  it('answers or cancels every request, whatever comes when', async () => {
    await using session = await openSmall(CLASSIFIER, 'classify', {
      layers: [2, 2],
      queueTokens: 60,
      lookahead: 5,
    });
    const expected = new Map<number, Classification>();
    for (let length = 1; length <= 20; length++)
      expected.set(length, await session.submit(texts(length)[0]!));
    const arrival = fc.record({
      length: fc.integer({ min: 1, max: 20 }),
      afterMs: fc.integer({ min: 0, max: 3 }),
      cancelMs: fc.option(fc.integer({ min: 0, max: 8 })),
      whenFull: fc.constantFrom('wait' as const, 'refuse' as const),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(arrival, { maxLength: 40 }), async (arrivals) => {
        let most = 0;
        const one = async ({ length, cancelMs, whenFull }: (typeof arrivals)[number]) => {
          const controller = new AbortController();
          if (cancelMs !== null) setTimeout(() => controller.abort(stopped), cancelMs);
          try {
            const output = await session.submit(texts(length)[0]!, { signal: controller.signal, whenFull });
            expect(output).toEqual(expected.get(length));
          } catch (error) {
            if (cancelMs !== null && error === stopped) return;
            if (whenFull === 'refuse' && error instanceof QueueFullError) return;
            throw error;
          }
        };
        const all: Promise<void>[] = [];
        for (const each of arrivals) {
          if (each.afterMs > 0) await later(each.afterMs);
          all.push(one(each));
          most = Math.max(most, session.load.tokens);
        }
        await Promise.all(all);
        expect(most).toBeLessThanOrEqual(60);
        // What was cancelled in the pipeline still has to come out.
        for (let waits = 0; session.load.requests > 0 && waits < 500; waits++) await later(10);
        expect(session.load).toMatchObject({ requests: 0, tokens: 0, waiting: 0 });
      }),
      { numRuns: 20 },
    );
  });
});

describe('the end of a session', () => {
  it('lets what has begun come out and refuses the rest, also what waits for room', async () => {
    const { session } = await openSlow({ queueTokens: 100 });
    const promises = Array.from({ length: 9 }, () => session.submit(slowText(0)));
    const { all } = ends(promises);
    await later(5);
    await session.close();
    const results = await all;
    const fulfilled = results.filter(({ status }) => status === 'fulfilled').length;
    expect(fulfilled).toBeGreaterThan(0);
    expect(fulfilled).toBeLessThan(5);
    for (const result of results) {
      if (result.status === 'rejected') expect(String(result.reason)).toMatch(/session has been closed/);
    }
    await expect(session.submit(slowText(0))).rejects.toThrow(/session has been closed/);
    await expect(outputs(session.stream([slowText(0)]))).rejects.toThrow(/session has been closed/);
    await session.close();
    expect(session.pipeline.state).toBe('closed');
  });

  it('answers everything that was accepted, within its grace', async () => {
    const { session } = await openSlow({ queueTokens: 100 });
    const { all } = ends(Array.from({ length: 9 }, () => session.submit(slowText(0))));
    const closed = session.close({ graceMs: 60_000 });
    await expect(session.submit(slowText(0))).rejects.toThrow(/session has been closed/);
    for (const { status } of await all) expect(status).toBe('fulfilled');
    await closed;
  });

  it('tells all when a stage fails', async () => {
    const { session } = await openSlow({ actionTimeoutMs: 5, closeTimeoutMs: 1000, queueTokens: 100 });
    const { all } = ends(Array.from({ length: 9 }, () => session.submit(slowText(0))));
    const streamed = outputs(session.stream([slowText(0)]));
    await expect(streamed).rejects.toThrow(StageFailedError);
    for (const result of await all) {
      expect(result.status === 'rejected' && result.reason instanceof StageFailedError).toBe(true);
    }
    await expect(session.submit(slowText(0))).rejects.toThrow(StageFailedError);
    expect(session.load).toMatchObject({ requests: 0, waiting: 0 });
    await session.close();
  });

  it('comes with its signal, for those that wait for inputs too', async () => {
    const controller = new AbortController();
    const { session } = await openSlow({ signal: controller.signal });
    const never = async function* (): AsyncGenerator<TextToClassify> {
      yield await new Promise<TextToClassify>(() => undefined);
    };
    const { all } = ends([...Array(5).keys()].map((at) => session.submit(slowText(at))));
    const streamed = outputs(session.stream(never()));
    controller.abort(stopped);
    await expect(streamed).rejects.toBe(stopped);
    for (const result of await all) expect(result).toEqual({ status: 'rejected', reason: stopped });
    await session.close();
  });

  it('is no end after a pause: the next request runs', async () => {
    await using session = await openSmall(CLASSIFIER, 'classify');
    const first = await session.submit({ text: 'fox' });
    await later(1300);
    expect(session.pipeline.state).toBe('ready');
    expect(await session.submit({ text: 'fox' })).toEqual(first);
  });
});

it('names the tasks there are', async () => {
  const task = 'translate' as 'answer';
  await expect(openSession({ model: 'synthetic:bert-tiny', task })).rejects.toThrow(
    /no task "translate".*next-sentence/,
  );
});
