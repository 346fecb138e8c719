import { gpuJsExecutor } from 'ipu-pipeline';
import { it } from 'vitest';
import { gpuJsSuite } from './gpu-js-suite.js';
import { executorSuite } from './suite.js';
import { webGpu } from '../swiftshader.js';

if (webGpu.available) {
  executorSuite(gpuJsExecutor('webgpu'), 2);
  gpuJsSuite('webgpu');
} else {
  it.skip(`gpu.js:webgpu, because ${webGpu.reason}`, () => undefined);
}
