import { executorNames } from 'ipu-pipeline/internals';
import { webGpu } from './swiftshader.js';

/** Every executor that runs here: WebGPU where a GPU or SwiftShader is to be had. */
export const EXECUTORS_HERE = executorNames().filter((name) => name !== 'gpu.js:webgpu' || webGpu.available);

/** What other forms of the same weights run on: how a file is read does not depend on who computes. */
export const FORMAT_EXECUTORS: readonly string[] = ['onnx', 'reference'];

/** The slow ones compute 0.2 … 4·10⁹ multiply-adds per second: beyond these a file would take minutes. */
export const MULTIPLY_ADDS: Readonly<Record<string, number>> = {
  reference: 32e9,
  'gpu.js:webasm': 32e9,
  'gpu.js:webgpu': 16e9,
  'gpu.js:cpu': 16e9,
};
