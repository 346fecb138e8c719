import { afterAll, describe, expect, it } from 'vitest';
import { IpuConfig, openSession, TASKS } from 'ipu-pipeline';
import type { RowOutput, TaskContext } from 'ipu-pipeline/tasks';
import { encode } from 'ipu-pipeline/tokenizer';
import { all, outputs, removeModels, smallModel, texts } from './sessions.js';

afterAll(removeModels);

describe('a task that reads a head over the vocabulary at some places', () => {
  it('has the logits of the whole rows, at the masks alone', async () => {
    const model = await smallModel({ architectures: ['BertForMaskedLM'] });
    const opened = { model, executor: 'reference', microBatch: 3 };
    const masked = texts(2, 9, 17).map(({ text }, at) => ({ text: `${text}${' [MASK]'.repeat(at + 1)} .` }));
    const { picks: _, ...everywhere } = TASKS.fill;
    const whole: typeof everywhere = {
      ...everywhere,
      begin: (context, options) => {
        const task = everywhere.begin(context, options);
        return {
          rows: (input) => task.rows(input),
          result: (input, rows, [output]) => {
            const { shape, data } = output!.get('logits')!;
            expect(shape).toEqual([rows[0]!.ids.length, context.config.vocabSize]);
            const at = (place: number): number[] =>
              Array.from(data).slice(place * shape[1]!, (place + 1) * shape[1]!);
            const logits = Float32Array.from(rows[0]!.picked!.flatMap(at));
            return task.result(input, rows, [new Map([['logits', { shape, data: logits }]])]);
          },
        };
      },
    };
    await using all = await openSession({ ...opened, task: whole });
    await using some = await openSession({ ...opened, task: 'fill' });
    const config = new IpuConfig({ layers_per_ipu: [1, 2, 1] });
    await using cut = await openSession({ ...opened, task: 'fill', config });
    const filled = await outputs(some.stream(masked));
    expect(filled.map(({ masks }) => masks.length)).toEqual([1, 2, 3]);
    expect(await outputs(all.stream(masked))).toEqual(filled);
    expect(await outputs(cut.stream(masked))).toEqual(filled);
  });

  it('refuses rows that are read nowhere or beyond themselves, without harm to others', async () => {
    const model = await smallModel({ architectures: ['BertForMaskedLM'] });
    const task = {
      head: () => 'masked-lm' as const,
      picks: true as const,
      begin: ({ tokenizer }: TaskContext) => ({
        rows: (picked: readonly number[]) => [{ ...encode(tokenizer, 'the fox'), picked }],
        result: (_input: unknown, _rows: unknown, [output]: readonly RowOutput[]) =>
          output!.get('logits')!.shape[0],
      }),
    };
    await using session = await openSession({ model, task, executor: 'reference', microBatch: 4 });
    const results = await all(session.stream([[1], [], [4], [0.5], [0, 3]]));
    expect(results.map((result) => ('error' in result ? result.error.message : result.output))).toEqual([
      1,
      'a row of 4 pieces is read at 0 places (picked).',
      'a row of 4 pieces is to be read at place 4 (picked).',
      'a row of 4 pieces is to be read at place 0.5 (picked).',
      2,
    ]);
  });
});
