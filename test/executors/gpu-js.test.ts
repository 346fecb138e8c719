import { gpuJsExecutor } from 'ipu-pipeline';
import { gpuJsSuite } from './gpu-js-suite.js';
import { executorSuite } from './suite.js';

executorSuite(gpuJsExecutor('webasm'), 8);
gpuJsSuite('webasm');
executorSuite(gpuJsExecutor('cpu'), 8);
gpuJsSuite('cpu');
