import { GPU_JS_MODES } from '../gpu-js/device.js';
import { registerExecutor } from '../registry.js';

registerExecutor('onnx', new URL('../onnx/onnx-executor.js', import.meta.url));
registerExecutor('reference', new URL('../reference/reference-executor.js', import.meta.url));
for (const mode of GPU_JS_MODES) {
  registerExecutor(`gpu.js:${mode}`, new URL('../gpu-js/gpu-js-executor.js', import.meta.url));
}
