import { InputError, type Tensor } from 'ipu-pipeline';
import { programOf, type Program, type Value } from 'ipu-pipeline/models';
import { executorByName, registerExecutor } from 'ipu-pipeline/executors';
import { describe, expect, it } from 'vitest';
import { randomWeights, runSlices, whole } from './random-model.js';
import { FIXED } from './suite.js';

const { config, seed } = FIXED;
const EXECUTORS = ['reference', 'onnx', 'gpu.js:webasm', 'gpu.js:cpu'];

const ints = (name: string, shape: readonly number[], values: readonly number[]): Tensor => ({
  ...{ name, dtype: 'int32', shape },
  data: Int32Array.from(values),
});

async function run(name: string, program: Program, inputs: readonly Tensor[]): Promise<readonly Tensor[]> {
  const stage = await executorByName(name).prepare(program, randomWeights(seed), { threads: 1 });
  try {
    return await stage.run(inputs);
  } finally {
    await stage.dispose();
  }
}

describe('heads that project some tokens to the vocabulary', () => {
  const inputs = [
    ints('input_ids', [2, 3], [1, 5, 9, 2, 3, 4]),
    ints('attention_mask', [2, 3], [1, 1, 1, 1, 1, 0]),
    ints('token_type_ids', [2, 3], [0, 0, 1, 0, 1, 1]),
  ];
  const picked = programOf(config, whole(config, 'masked-lm'), { picked: true });

  it.each(EXECUTORS)('give the logits of those alone on %s', async (name) => {
    const executor = executorByName(name);
    const [all] = await runSlices(executor, FIXED, [whole(config, 'masked-lm')], inputs);
    const positions = ints('picked_positions', [2, 2], [2, 0, 1, 1]);
    const [some] = await run(name, picked, [...inputs, positions]);
    expect(some!.shape).toEqual([2, 2, config.vocabSize]);
    const row = (at: number): Float32Array =>
      all!.data.slice(at * config.vocabSize, (at + 1) * config.vocabSize) as Float32Array;
    const expected = [2, 0, 3 + 1, 3 + 1].flatMap((at) => [...row(at)]);
    [...some!.data].forEach((value, at) => expect(value).toBeCloseTo(expected[at]!, 4));
  });

  it('refuse positions beyond the row', async () => {
    const positions = ints('picked_positions', [2, 1], [2, 3]);
    const failed = run('reference', picked, [...inputs, positions]);
    await expect(failed).rejects.toThrow(/picked_positions\[1, 0\] is 3; it must lie in 0 … 2/);
  });
});

/** An embedding alone, whose tables hold their row's number in each place: tens of one, hundreds of the other. */
function embedding(tables: readonly ('count' | 'row')[]): Program {
  const output: Value = { name: 'sum', shape: ['batch', 'sequence', 4] };
  return {
    inputs: [{ name: 'input_ids', dtype: 'int32', shape: ['batch', 'sequence'], below: 9 }],
    steps: [
      {
        ...{ op: 'embed', name: 'embedding', output },
        tables: tables.map((by) => ({
          table: { name: by, shape: [9, 4] },
          rows: by === 'row' ? { by, row: 3 } : { by, input: 'input_ids', padding: 1 },
        })),
      },
    ],
    outputs: [{ ...output, name: 'hidden_state', dtype: 'float32', of: 'sum' }],
    longestSequence: 6,
  };
}

describe('rows of tables', () => {
  const weights = {
    has: () => true,
    tensor: (name: string) =>
      Promise.resolve(
        Float32Array.from({ length: 36 }, (_, at) => Math.floor(at / 4) * (name === 'row' ? 100 : 1)),
      ),
    close: () => Promise.resolve(),
  };

  // Padding on the left and inside does not count; as RoBERTa counts with the padding id 1.
  it.each(EXECUTORS)('are counted from the ids, or one for all, on %s', async (name) => {
    for (const tables of [['count'], ['count', 'row']] as const) {
      const stage = await executorByName(name).prepare(embedding(tables), weights, { threads: 1 });
      const [sum] = await stage.run([ints('input_ids', [2, 5], [5, 5, 1, 2, 1, 1, 1, 0, 3, 4])]);
      await stage.dispose();
      const rows = [2, 3, 1, 4, 1, 1, 1, 2, 3, 4];
      const shift = tables.length === 2 ? 300 : 0;
      expect([...sum!.data]).toEqual(rows.flatMap((row) => Array<number>(4).fill(row + shift)));
    }
  });
});

describe('registerExecutor', () => {
  const module = `data:text/javascript,
    export const createExecutor = (name) => ({ name, prepare: async (program) => ({
      weightBytes: 0, run: async () => program.outputs.map(({ name }) => ({ name })), dispose: async () => {} }) });`;
  const program = programOf(config, whole(config, 'pooler'));

  it('adds an executor by the module that stages import', async () => {
    registerExecutor('mine', module);
    const stage = await executorByName('mine').prepare(program, randomWeights(1), { threads: 1 });
    expect(await stage.run([])).toEqual([{ name: 'last_hidden_state' }, { name: 'pooler_output' }]);
    expect(() => registerExecutor('mine', module)).toThrow(/"mine" already/);
  });

  it.each([
    ['no-module', 'file:///no/such/module.js', /"no-module" cannot be loaded: .*no\/such\/module/],
    ['no-export', 'data:text/javascript,export const x = 1', /exports no createExecutor/],
  ])('says of %s why it cannot be loaded', async (name, address, message) => {
    registerExecutor(name, address);
    const failed = executorByName(name).prepare(program, randomWeights(1), { threads: 1 });
    await expect(failed).rejects.toThrow(InputError);
    await expect(failed).rejects.toThrow(message);
  });
});
