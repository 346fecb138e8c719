import { mkdir, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openModel, type Tensor } from 'ipu-pipeline';
import { type WeightSource, programOf } from 'ipu-pipeline/models';
import { onnxExecutor } from 'ipu-pipeline/executors';
import { openWeights } from 'ipu-pipeline/tasks';
import { GeneratedWeights, headTensors } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { scratch, writeSafetensors } from '../checkpoint/written-files.js';
import { smallConfig, smallTensors, writeModel } from '../bert/written-model.js';

const files = scratch('mapped');

/** Large enough that its matrices are mapped, and its vectors read. */
const json = { ...smallConfig, hidden_size: 128, intermediate_size: 256, vocab_size: 300 };

const inputs: readonly Tensor[] = ['input_ids', 'attention_mask', 'token_type_ids'].map((name) => ({
  name,
  dtype: 'int32',
  shape: [2, 3],
  data: name === 'input_ids' ? Int32Array.of(7, 299, 0, 11, 250, 3) : new Int32Array(6).fill(1),
}));

/** What a directory's model gives, and how many bytes were read rather than mapped. */
async function resultOf(directory: string): Promise<{ outputs: readonly Tensor[]; readBytes: number }> {
  const { config, head, weights } = await openModel(directory);
  const source = await openWeights(weights);
  const counted = counting(source);
  const slice = { embedding: true, firstLayer: 0, endLayer: config.numHiddenLayers, head };
  const stage = await onnxExecutor.prepare(programOf(config, slice), counted, { threads: 1 });
  await source.close();
  const outputs = await stage.run(inputs);
  await stage.dispose();
  return { outputs, readBytes: counted.readBytes };
}

function counting(source: WeightSource): WeightSource & { readBytes: number } {
  return {
    readBytes: 0,
    has: (name) => source.has(name),
    place: (name, shape) => source.place?.(name, shape),
    async tensor(name, shape) {
      const values = await source.tensor(name, shape);
      this.readBytes += values.byteLength;
      return values;
    },
    close: () => source.close(),
  };
}

/** The same weights without files. */
async function generated(directory: string): Promise<readonly Tensor[]> {
  const { config, head } = await openModel(directory);
  const slice = { embedding: true, firstLayer: 0, endLayer: config.numHiddenLayers, head };
  const stage = await onnxExecutor.prepare(programOf(config, slice), new GeneratedWeights(), { threads: 1 });
  const outputs = await stage.run(inputs);
  await stage.dispose();
  return outputs;
}

/** Biases, norms, and tables of few rows. */
const SMALL_BYTES = 64 * 1024;

describe('the onnx executor on a float32 checkpoint', () => {
  it('maps the matrices, and gives the bits that the same weights from memory give', async () => {
    const directory = await writeModel(
      files.path('plain'),
      await smallTensors('question-answering', json),
      json,
    );
    const { outputs, readBytes } = await resultOf(directory);
    expect(outputs).toEqual(await generated(directory));
    expect(readBytes).toBeLessThan(SMALL_BYTES);
  });

  it('follows a link to the file, as the hub cache has them', async () => {
    const directory = await writeModel(
      files.path('linked'),
      await smallTensors('question-answering', json),
      json,
    );
    await mkdir(files.path('blobs'));
    await rename(join(directory, 'model.safetensors'), files.path('blobs/5f3a'));
    await symlink('../blobs/5f3a', join(directory, 'model.safetensors'));
    const { outputs, readBytes } = await resultOf(directory);
    expect(outputs).toEqual(await generated(directory));
    expect(readBytes).toBeLessThan(SMALL_BYTES);
  });

  it('reads shards that lie in different folders', async () => {
    const tensors = Object.entries(await smallTensors('question-answering', json));
    const directory = await writeModel(files.path('sharded'), undefined, json);
    await mkdir(files.path('elsewhere'));
    const half = tensors.length / 2;
    const [first, second] = [tensors.slice(0, half), tensors.slice(half)];
    await writeSafetensors(join(directory, 'a.safetensors'), Object.fromEntries(first));
    await writeSafetensors(files.path('elsewhere/b'), Object.fromEntries(second));
    await symlink('../elsewhere/b', join(directory, 'b.safetensors'));
    const weightMap: Record<string, string> = Object.fromEntries([
      ...first.map(([name]) => [name, 'a.safetensors'] as const),
      ...second.map(([name]) => [name, 'b.safetensors'] as const),
    ]);
    await writeFile(
      join(directory, 'model.safetensors.index.json'),
      JSON.stringify({ weight_map: weightMap }),
    );
    const { outputs, readBytes } = await resultOf(directory);
    expect(outputs).toEqual(await generated(directory));
    expect(readBytes).toBeGreaterThan(SMALL_BYTES);
  });

  it('reads all when one tensor must be widened', async () => {
    const tensors = await smallTensors('question-answering', json);
    const { config } = await openModel(await writeModel(files.path('mixed'), tensors, json));
    const name = headTensors(config, 'question-answering')[0]!.name;
    // The upper halves of these values as bfloat16, and once more as the float32 that they stand for.
    const exact = new Float32Array(tensors[name]!.bytes.slice().buffer);
    const words = new Uint32Array(exact.buffer).map((word) => word & 0xffff0000);
    const halves = Uint16Array.from(words, (word) => word >>> 16);
    const shape = tensors[name]!.shape;
    const wide = { ...tensors, [name]: { dtype: 'F32', shape, bytes: new Uint8Array(words.buffer) } };
    const narrow = { ...tensors, [name]: { dtype: 'BF16', shape, bytes: new Uint8Array(halves.buffer) } };
    const results = [];
    for (const stored of [wide, narrow]) {
      await rm(files.path('mixed'), { recursive: true });
      results.push(await resultOf(await writeModel(files.path('mixed'), stored, json)));
    }
    expect(results[1]!.outputs).toEqual(results[0]!.outputs);
    expect(results[1]!.readBytes).toBeGreaterThan(results[0]!.readBytes);
  });
});
