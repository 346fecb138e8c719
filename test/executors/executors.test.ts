import { EXECUTOR_NAMES, InputError, executorByName } from 'ipu-pipeline';
import { expect, it } from 'vitest';
import { executorSuite } from './suite.js';

for (const name of EXECUTOR_NAMES) executorSuite(executorByName(name));

it('names the executors there are', () => {
  expect(() => executorByName('ipu')).toThrow(InputError);
  expect(() => executorByName('ipu')).toThrow(/"ipu".*onnx, reference/);
});
