import { InputError } from 'ipu-pipeline';
import { executorByName } from 'ipu-pipeline/executors';
import { executorNames } from 'ipu-pipeline/internals';
import { expect, it } from 'vitest';
import { executorSuite } from './suite.js';

for (const name of ['onnx', 'reference']) executorSuite(executorByName(name));

it('names the executors there are', () => {
  expect(executorNames()).toEqual(['onnx', 'reference', 'gpu.js:webgpu', 'gpu.js:webasm', 'gpu.js:cpu']);
  expect(() => executorByName('ipu')).toThrow(InputError);
  expect(() => executorByName('ipu')).toThrow(/"ipu".*onnx, reference/);
});
