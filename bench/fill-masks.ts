/**
 * The claim: a head over the vocabulary that is computed at the masks alone spares most of its matmul and of what goes
 * over the last link. The same texts with one mask each, in turns: `fill` as it is, and with logits for every token.
 * Expected of BERT-base: the head is 23.4 of 108 million multiply-adds a token, so some 1.25 times the rate.
 *
 *     npx tsx bench/fill-masks.ts [model] [texts] [rounds]
 */
import { openModel, openSession, TASKS } from 'ipu-pipeline';
import { percentile, verdict } from './lib.js';

const [name = 'synthetic:bert-base', texts = '40', rounds = '5'] = process.argv.slice(2);
const inputs = Array.from({ length: Number(texts) }, (_, at) => ({
  text: `${'the word and its place '.repeat(1 + (at % 6))}[MASK] .`,
}));

/** What `fill` was: every token has its logits. */
const { picks: _, ...everywhere } = TASKS.fill;
const whole: typeof everywhere = {
  ...everywhere,
  begin: (context, options) => {
    const task = everywhere.begin(context, options);
    return {
      rows: (input) => task.rows(input),
      result: (input, rows, [output]) => {
        const { shape, data } = output!.get('logits')!;
        const [size, at] = [shape[1]!, rows[0]!.picked![0]!];
        const logits = {
          shape: [1, size],
          data: (data as Float32Array).subarray(at * size, (at + 1) * size),
        };
        return task.result(input, rows, [new Map([['logits', logits]])]);
      },
    };
  },
};

const model = await openModel(name);
const ratios: number[] = [];
for (let round = 0; round < Number(rounds); round++) {
  const all = await rate(whole);
  const some = await rate('fill');
  console.log(
    `every token ${all.toFixed(2)} texts/s, masks alone ${some.toFixed(2)}: ${(some / all).toFixed(3)} ×`,
  );
  ratios.push(some / all);
}
verdict(
  `fill on ${name}, over logits for every token (median)`,
  percentile(ratios, 0.5),
  { atLeast: 1.15 },
  ' ×',
);

async function rate(task: 'fill' | typeof whole): Promise<number> {
  await using session = await openSession({ model, task: task as 'fill' });
  const run = async (some: typeof inputs): Promise<void> => {
    for await (const result of session.stream(some)) if ('error' in result) throw result.error;
  };
  await run(inputs.slice(0, 6));
  const began = performance.now();
  await run(inputs);
  return (1000 * inputs.length) / (performance.now() - began);
}
