import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  InputError,
  IpuConfig,
  openModel,
  openSession,
  type BertModel,
  type SessionOptions,
  type TaskInput,
  type TaskName,
  type TaskOutput,
} from 'ipu-pipeline';
import { tokenizerOf } from 'ipu-pipeline/tasks';
import { decode, encode } from 'ipu-pipeline/tokenizer';
import { afterAll, describe, expect, it } from 'vitest';
import { ipuPipeline } from '../cli/run.js';
import { PIECES, writeModel } from '../model-directory.js';
import { shared } from '../shared-data.js';
import { outputs } from '../tasks/sessions.js';

const TEXT = "The city wasn't founded until 1912, they say. Café owners count their guests.";

/** The same input of each task, whose mask the family spells in its own way. */
const inputs = (mask: string) =>
  ({
    answer: ['QuestionAnswering', { question: 'When was the city founded?', context: TEXT.repeat(4) }],
    classify: ['SequenceClassification', { text: 'A fine day.', pair: 'They say it rains.' }],
    label: ['TokenClassification', { text: TEXT }],
    choose: ['MultipleChoice', { prompt: 'The city', choices: ['was founded', 'they say', 'in 1912'] }],
    fill: ['MaskedLM', { text: `The ${mask} was founded.` }],
    embed: ['Model', { text: TEXT }],
  }) as const satisfies { [T in TaskName]?: readonly [string, TaskInput<T>] };

const FAMILIES = [
  ['tiny-distilbert', 'DistilBert', '[MASK]'],
  ['tiny-roberta', 'Roberta', '<mask>'],
] as const;
const TASKS = Object.keys(inputs('')) as (keyof ReturnType<typeof inputs>)[];

async function results<T extends TaskName>(
  task: T,
  model: string | BertModel,
  input: object,
  more: Partial<SessionOptions<T>> = {},
): Promise<TaskOutput<T>[]> {
  const maxLength = typeof model === 'string' ? 48 : undefined;
  await using session = await openSession({
    ...{ model, task, threadsPerStage: 1, executor: 'reference' },
    ...(maxLength === undefined ? {} : { maxLength }),
    ...more,
  });
  const texts = [input, input].map((each) => each as TaskInput<T>);
  return await outputs(session.stream(texts));
}

describe.skipIf(!shared.available).each(FAMILIES)('%s', (set, prefix, mask) => {
  const directory = (end: string): string =>
    shared.path(join('families', set, end === 'Model' ? `${prefix}Model` : `${prefix}For${end}`));

  it.each(TASKS)('%s gives the same, cut into stages or not, on every executor', async (task) => {
    const [end, input] = inputs(mask)[task];
    const cut = new IpuConfig({ layers_per_ipu: [1, 2, 1], inference_device_iterations: 3 });
    const shown: unknown[] = [];
    for (const executor of ['reference', 'onnx', 'gpu.js:webasm']) {
      const whole = await results(task, directory(end), input, { executor });
      expect(await results(task, directory(end), input, { executor, config: cut })).toEqual(whole);
      expect(whole[0]).toEqual(whole[1]);
      shown.push(rounded(whole[0]));
    }
    expect(shown[1]).toEqual(shown[0]);
    expect(shown[2]).toEqual(shown[0]);
  });

  it('classify gives the scores of the golden logits of its text pair', async () => {
    const file = shared.path(join('families/golden', set, `${prefix}ForSequenceClassification.json`));
    const { cases } = JSON.parse(readFileSync(file, 'utf8')) as {
      cases: { name: string; text_a: string; text_b: string; outputs: { logits: { data: number[] } } }[];
    };
    const { text_a: text, text_b: pair, outputs: golden } = cases.find(({ name }) => name === 'text_b1')!;
    const [{ scores }] = (await results('classify', directory('SequenceClassification'), { text, pair })) as [
      TaskOutput<'classify'>,
    ];
    const powers = golden.logits.data.map(Math.exp);
    const sum = powers.reduce((a, b) => a + b, 0);
    const expected = powers.map((power) => power / sum).sort((a, b) => b - a);
    scores.forEach(({ score }, at) => expect(score).toBeCloseTo(expected[at]!, 5));
  });

  it('a row that the model has no positions for is refused before it runs', async () => {
    const maxLength = 65;
    const opened = openSession({
      model: directory('Model'),
      task: 'embed',
      executor: 'reference',
      maxLength,
    });
    await expect(opened).rejects.toThrow(/sequence length 65 is more than the 64 positions/);
  });

  it('a task that the family has no head for is refused by name', async () => {
    const opened = openSession({ model: directory('Model'), task: 'next-sentence', executor: 'reference' });
    await expect(opened).rejects.toThrow(/models have no next-sentence-prediction head; they have/);
  });
});

/** To five digits: what executors may differ in is far below. */
function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value), (_, each: unknown) =>
    typeof each === 'number' ? Math.round(each * 1e4) / 1e4 : each,
  );
}

describe('rows of a RoBERTa model', () => {
  const written: string[] = [];
  afterAll(() => Promise.all(written.map((directory) => rm(directory, { recursive: true }))));

  /** With a WordPiece vocabulary, whose padding is another id than the model's. */
  async function roberta(more: Record<string, unknown> = {}): Promise<string> {
    const directory = await writeModel({
      config: {
        ...{ model_type: 'camembert', architectures: ['CamembertForSequenceClassification'] },
        ...{ pad_token_id: 5, max_position_embeddings: 20, type_vocab_size: 2, ...more },
      },
    });
    written.push(directory);
    return directory;
  }

  it('are filled up with the id that the model does not count', async () => {
    const model = await roberta();
    const texts = ['the red fox', 'who jumps over the lazy dog and sleeps', 'a'].map((text) => ({ text }));
    const run = async (microBatch: number): Promise<TaskOutput<'classify'>[]> => {
      const options = { model, task: 'classify', executor: 'reference', microBatch, maxLength: 14 } as const;
      await using session = await openSession(options);
      return await outputs(session.stream(texts));
    };
    expect(await run(3)).toEqual(await run(1));
    expect(PIECES[5]).toBe('.');
  });

  it('of a pair with types of its own are refused by themselves', async () => {
    await using session = await openSession({
      ...{ model: await roberta(), task: 'classify', executor: 'reference', maxLength: 14 },
    });
    const refused = session.submit({ text: 'the fox', pair: 'a dog' });
    await expect(refused).rejects.toThrow(InputError);
    await expect(refused).rejects.toThrow(/token type 1, .*camembert models read type 0 alone.*no pairs/);
    expect((await session.submit({ text: 'the fox' })).scores).toHaveLength(2);
  });

  it('have no more tokens than there are positions after the padding', async () => {
    const opened = openSession({
      model: await roberta(),
      task: 'classify',
      executor: 'reference',
      maxLength: 15,
    });
    await expect(opened).rejects.toThrow(
      /15 is more than the 14 positions of .* \(max_position_embeddings 20 - pad_token_id 5 - 1\): give at most 14/,
    );
  });

  it('need a tokenizer that is read here: SentencePiece is refused by name', async () => {
    const directory = await roberta();
    await rm(join(directory, 'vocab.txt'));
    const opened = openSession({ model: directory, task: 'classify', executor: 'reference' });
    await expect(opened).rejects.toThrow(/tokenizer is SentencePiece, which is not read here/);
  });
});

describe('synthetic models of other families', () => {
  it('have a tokenizer of their kind, and every head of the family alone', async () => {
    const model = await openModel('synthetic:roberta-base');
    expect(model.config).toMatchObject({ vocabSize: 50265, maxPositionEmbeddings: 514, padTokenId: 1 });
    const tokenizer = await tokenizerOf(model);
    const { ids } = encode(tokenizer, 'A fox, née 😀.', 'the dog');
    expect(Math.max(...ids)).toBeLessThan(model.config.vocabSize);
    expect(ids.filter((id) => id === tokenizer.sepId)).toHaveLength(3);
    expect(decode(tokenizer, ids)).toBe('A fox, née 😀.the dog');
    const opened = openSession({ model: 'synthetic:distilbert-base', task: 'next-sentence' });
    await expect(opened).rejects.toThrow(/distilbert models have no next-sentence-prediction head/);
  });
});

describe.skipIf(!shared.available)('eval squad', () => {
  it.each(['tiny-distilbert/DistilBertForQuestionAnswering', 'tiny-roberta/RobertaForQuestionAnswering'])(
    'writes the same bytes for %s, cut or not',
    async (name) => {
      const folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-families-'));
      try {
        await writeFile(join(folder, 'ipu_config.json'), '{"layers_per_ipu": [1, 3]}');
        const file = shared.path('bert/squad/dev-v1.1-sample200.json');
        const predictions = async (...args: string[]): Promise<string> => {
          const { code, stdout, stderr } = await ipuPipeline(
            ...['eval', 'squad', file, '--model', shared.path(`families/${name}`), '--limit', '10'],
            ...[
              '--max-length',
              '64',
              '--doc-stride',
              '8',
              '--output',
              join(folder, `${args.length}`),
              ...args,
            ],
          );
          expect(code, stderr).toBe(0);
          expect(stdout).toMatch(/^\{"exact_match": [\d.]+, "f1": [\d.]+\}\n$/);
          return readFile(join(folder, `${args.length}`, 'nbest_predictions.json'), 'utf8');
        };
        expect(await predictions('--config', folder)).toBe(await predictions());
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );
});
