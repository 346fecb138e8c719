import { InputError, openModel } from 'ipu-pipeline';
import { programOf } from 'ipu-pipeline/models';
import { gpuJsExecutor } from 'ipu-pipeline/executors';
import { expect, it } from 'vitest';
import { gpuJsSuite } from './gpu-js-suite.js';
import { randomWeights } from './random-model.js';
import { executorSuite } from './suite.js';

const { config: publishedConfig } = await openModel('synthetic:bert-tiny');

it('refuses a stage that WebAssembly cannot address, with the numbers', async () => {
  const config = { ...publishedConfig, intermediateSize: 2 ** 29 };
  const slice = { embedding: false, firstLayer: 0, endLayer: 1, head: null };
  const prepared = gpuJsExecutor('webasm').prepare(programOf(config, slice), randomWeights(1), {
    threads: 1,
  });
  await expect(prepared).rejects.toThrow(InputError);
  await expect(prepared).rejects.toThrow(/needs \d+ bytes.*at most 2147483648/);
});

it('refuses a vocabulary whose ids float32 would mix up, with the numbers', async () => {
  const config = { ...publishedConfig, vocabSize: 2 ** 21 + 1 };
  const slice = { embedding: true, firstLayer: 0, endLayer: 0, head: null };
  const prepared = gpuJsExecutor('webasm').prepare(programOf(config, slice), randomWeights(1), {
    threads: 1,
  });
  await expect(prepared).rejects.toThrow(InputError);
  await expect(prepared).rejects.toThrow(/at most 2097152 tokens.*has 2097153/);
});

executorSuite(gpuJsExecutor('webasm'), 8);
gpuJsSuite('webasm');
executorSuite(gpuJsExecutor('cpu'), 8);
gpuJsSuite('cpu');
