import { setTimeout as later } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import { CheckpointError, InputError, openSession, type Classification } from 'ipu-pipeline';
import type { Encoding } from 'ipu-pipeline/tokenizer';
import {
  CLASSIFIER,
  ends,
  openSlow,
  openSmall,
  outputs,
  removeModels,
  slowText,
  smallModel,
  stopped,
  texts,
} from './sessions.js';

afterAll(removeModels);

describe('submitted requests', () => {
  it('get the results of a stream, bit for bit, however many callers there are', async () => {
    await using session = await openSmall(CLASSIFIER, 'classify', { layers: [1, 3], lookahead: 4 });
    const inputs = texts(...Array.from({ length: 60 }, (_, at) => 1 + ((at * 7) % 20)));
    const streamed = await outputs(session.stream(inputs));
    const [submitted, again] = await Promise.all([
      Promise.all(inputs.map((input) => session.submit(input))),
      outputs(session.stream(inputs)),
    ]);
    expect(submitted).toEqual(streamed);
    expect(again).toEqual(streamed);
    expect(session.load).toMatchObject({ requests: 0, tokens: 0, waiting: 0 });
  });

  it('share a micro-batch with those of their own length', async () => {
    const { session } = await openSlow({ microBatch: 4 });
    await using _ = session;
    // Rows that are filled up have other last digits: with these none is.
    const inputs = [3, 12, 3, 12, 3, 12, 3, 12].map((count, at) => ({
      text: ['time', 'year', 'word', 'home'][at >> 1] + ' the'.repeat(count),
    }));
    const alone: Classification[] = [];
    for (const input of inputs) alone.push(await session.submit(input));
    const first = session.submit(slowText(0));
    const second = session.submit(slowText(0));
    const third = session.submit(slowText(0));
    const together = await Promise.all(inputs.map((input) => session.submit(input)));
    await Promise.all([first, second, third]);
    expect(together).toEqual(alone);
  });

  it('do not wait for others, also where stages share an IPU and calls are long', async () => {
    await using session = await openSmall('BertForMaskedLM', 'fill', { layers: [2, 2], deviceIterations: 8 });
    expect(new Set(session.pipeline.stages.map(({ ipu }) => ipu)).size).toBeLessThan(
      session.pipeline.stages.length,
    );
    const input = { text: 'the [MASK] jumps' };
    const first = await session.submit(input);
    expect(await session.submit(input)).toEqual(first);
    expect(await outputs(session.stream([input, input]))).toEqual([first, first]);
  });

  it('with a wrong input reject alone', async () => {
    await using session = await openSmall(CLASSIFIER, 'classify');
    const inputs = [...texts(3), { text: ' ' }, ...texts(30, 4)];
    const results = await Promise.allSettled(inputs.map((input) => session.submit(input)));
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'fulfilled']);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(InputError);
    }
  });

  it('with a pair are refused before they harm others where the model takes none', async () => {
    const model = await smallModel({ architectures: [CLASSIFIER], type_vocab_size: 1 });
    await using session = await openSession({ model, task: 'classify', executor: 'reference' });
    const [bad, good] = await Promise.allSettled([
      session.submit({ text: 'the fox', pair: 'jumps' }),
      session.submit({ text: 'the fox' }),
    ]);
    expect(bad).toMatchObject({
      reason: { message: expect.stringMatching(/type_vocab_size.*no pairs/) as string },
    });
    expect(good.status).toBe('fulfilled');
  });

  it('take a missing pair in any form', async () => {
    await using session = await openSmall(CLASSIFIER, 'classify');
    const alone = await session.submit({ text: 'the fox' });
    for (const pair of [null, '']) expect(await session.submit({ text: 'the fox', pair })).toEqual(alone);
  });

  it('have options of their own, within the head of the session', async () => {
    await using session = await openSmall('BertForQuestionAnswering', 'embed', {
      options: { normalize: true },
    });
    const [input] = texts(5) as [{ text: string }];
    const mean = await session.submit(input);
    const cls = await session.submit(input, { options: { pooling: 'cls' } });
    for (const { embedding } of [mean, cls]) expect(Math.hypot(...embedding)).toBeCloseTo(1, 5);
    expect(cls.embedding).not.toEqual(mean.embedding);
    await expect(session.submit(input, { options: { pooling: 'pooler' } })).rejects.toThrow(/need pooler/);
    const wrong = { pooling: 'most' } as object;
    await expect(session.submit(input, { options: wrong })).rejects.toThrow(
      /pooling of embed.*mean, cls, pooler/,
    );
    const unknown = { pool: 'cls' } as object;
    await expect(session.submit(input, { options: unknown })).rejects.toThrow(/embed has no option "pool"/);
  });

  it('run a task of your own', async () => {
    const model = await smallModel({});
    const task = {
      head: () => null,
      begin: () => ({
        rows: (row: Encoding) => [row],
        result: (
          _row: Encoding,
          _rows: readonly Encoding[],
          [output]: readonly ReadonlyMap<string, unknown>[],
        ) => [...output!.keys()],
      }),
    };
    await using session = await openSession({ model, task, executor: 'reference' });
    const row = (...ids: number[]): Encoding =>
      ({
        ...{ ids, typeIds: ids.map(() => 0), attentionMask: ids.map(() => 1) },
        ...{
          sequenceIds: ids.map(() => null),
          offsets: ids.map(() => [0, 0] as const),
          wordIds: ids.map(() => null),
        },
      }) as unknown as Encoding;
    expect(await session.submit(row(2, 7, 3))).toEqual(['hidden_state', 'attention_mask']);
    await expect(session.submit(row(2, 70, 3))).rejects.toThrow(/piece 70.*vocab_size/);
    await expect(session.submit(row())).rejects.toThrow(/0 pieces/);
  });

  it('of weights that overflow say so', async () => {
    const model = await smallModel({
      architectures: [CLASSIFIER],
      layer_norm_eps: 1e38,
      initializer_range: 1,
    });
    const broken = { ...model, config: { ...model.config, layerNormEps: Number.NaN } };
    await using session = await openSession({ model: broken, task: 'classify', executor: 'reference' });
    await expect(session.submit({ text: 'a' })).rejects.toThrow(CheckpointError);
    await expect(outputs(session.stream(texts(3)))).rejects.toThrow(CheckpointError);
  });
});

describe('a request that is cancelled', () => {
  it('never runs when it has not begun, and is dropped when it has', async () => {
    const { session, begun } = await openSlow();
    const controllers = Array.from({ length: 12 }, () => new AbortController());
    const promises = controllers.map(({ signal }, at) => session.submit(slowText(at), { signal }));
    const { order, all } = ends(promises);
    await later(5);
    controllers[0]!.abort(stopped);
    for (const controller of controllers.slice(6)) controller.abort(stopped);
    await later(0);
    expect(order).toEqual([0, 6, 7, 8, 9, 10, 11]);
    // The first is in the pipeline and counts until it comes out; the last are gone.
    expect(session.load.requests).toBe(6);
    const results = await all;
    results.forEach((result, at) => {
      if (at > 0 && at < 6) expect(result.status).toBe('fulfilled');
      else expect(result).toEqual({ status: 'rejected', reason: stopped });
    });
    expect(session.load).toMatchObject({ requests: 0, tokens: 0, waiting: 0 });
    await session.close();
    expect(begun()).toBe(6);
  });

  it('before it is submitted is not even read', async () => {
    await using session = await openSmall(CLASSIFIER, 'classify');
    await expect(session.submit({ text: ' ' }, { signal: AbortSignal.abort(stopped) })).rejects.toBe(stopped);
  });

  it('while it waits for room lets those behind it in', async () => {
    const { session } = await openSlow({ queueTokens: 30 });
    await using _ = session;
    const controller = new AbortController();
    const first = session.submit(slowText(0));
    const second = session.submit(slowText(4), { signal: controller.signal });
    const third = session.submit({ text: 'word' });
    expect(session.load).toMatchObject({ requests: 1, waiting: 2 });
    controller.abort(stopped);
    await expect(second).rejects.toBe(stopped);
    expect(session.load).toMatchObject({ requests: 2, waiting: 0 });
    await Promise.all([first, third]);
  });

  it('may share its signal with many', async () => {
    await using session = await openSmall(CLASSIFIER, 'classify');
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    const controller = new AbortController();
    await Promise.all(texts(...Array<number>(40).fill(3)).map((text) => session.submit(text, controller)));
    await later(0);
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
    controller.abort(stopped);
    await expect(session.submit({ text: 'a' })).resolves.toBeDefined();
  });
});
