import { readFile, readdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Tensor } from 'ipu-pipeline';
import { readModelConfig, type ModelConfig, type ModelHead } from 'ipu-pipeline/models';
import { executorByName, type Executor } from 'ipu-pipeline/executors';
import type { WeightSpec } from 'ipu-pipeline/tasks';
import { EXECUTORS_HERE, MULTIPLY_ADDS } from '../executors-here.js';
import { fault, type GoldenTensor } from './golden-tensor.js';
import type { Report, Skip } from './report.js';
import { headOnly, inputTensors, layerByLayer, runSlice, type GoldenInputs } from './slices.js';

export const FOLDER = join('golden', 'generated');
const WEIGHTS: WeightSpec = { kind: 'synthetic', seed: 0 };

interface GoldenFile {
  readonly config: Readonly<Record<string, unknown>>;
  readonly cases: readonly GoldenCase[];
}

interface GoldenCase {
  readonly name: string;
  readonly inputs: GoldenInputs;
  readonly outputs: {
    readonly hidden_states: readonly GoldenTensor[];
    readonly [className: string]: readonly GoldenTensor[] | Readonly<Record<string, GoldenTensor>>;
  };
}

/** Models of base and large shape, whose weights are generated: layer by layer, so that one layer is in memory. */
export async function run(dir: string, report: Report, skip: Skip): Promise<void> {
  const files = (await readdir(join(dir, FOLDER))).filter((name) => name.endsWith('.json')).sort();
  for (const fileName of files) {
    const path = join(dir, FOLDER, fileName);
    const file = JSON.parse(await readFile(path, 'utf8')) as GoldenFile;
    // The vectors of the weight generator lie in the same folder; its own test reads them.
    if (!file.config || !file.cases) continue;
    for (const executor of EXECUTORS_HERE) {
      const name = `${basename(fileName, '.json')}, ${executor}`;
      const work = multiplyAdds(file);
      if (work > (MULTIPLY_ADDS[executor] ?? Infinity)) {
        skip(name, `${(work / 1e9).toFixed(0)}·10⁹ multiply-adds would take it minutes`);
        continue;
      }
      await runFile(executorByName(executor), path, file, (what, error) => report(`${name}: ${what}`, error));
    }
  }
}

async function runFile(executor: Executor, path: string, file: GoldenFile, report: Report): Promise<void> {
  const model = { config: readModelConfig(path, JSON.stringify(file.config)).config, weights: WEIGHTS };
  try {
    let current: readonly (readonly Tensor[])[] = file.cases.map(({ inputs }) => inputTensors(inputs));
    for (const [layer, slice] of layerByLayer(model.config).entries()) {
      current = await runSlice(executor, model, slice, current);
      file.cases.forEach(({ name, outputs }, at) => {
        const expected = outputs.hidden_states[layer];
        if (expected) report(`${name} hidden_states[${layer}]`, fault(hiddenState(current[at]!), expected));
      });
    }
    for (const className of classNames(file)) {
      const head = headOf(path, className);
      const results = await runSlice(executor, model, headOnly(model.config, head), current);
      file.cases.forEach(({ name, outputs }, at) => {
        for (const [output, expected] of Object.entries(outputs[className] ?? {})) {
          const actual = results[at]!.find((tensor) => tensor.name === output);
          report(`${name} ${className} ${output}`, fault(actual, expected));
        }
      });
    }
  } catch (error) {
    report('run', (error as Error).message);
  }
}

function hiddenState(tensors: readonly Tensor[]): Tensor | undefined {
  return tensors.find(({ name }) => name === 'hidden_state');
}

function classNames({ cases }: GoldenFile): string[] {
  const names = cases.flatMap(({ outputs }) => Object.keys(outputs));
  return [...new Set(names)].filter((name) => name !== 'hidden_states');
}

function headOf(path: string, className: string): ModelHead {
  const { head } = readModelConfig(path, JSON.stringify({ architectures: [className] }));
  if (head) return head;
  throw new Error(`${path} has outputs of ${className}, which this program does not know`);
}

/** Multiply-adds of all cases' encoders and largest heads. */
function multiplyAdds({ config, cases }: GoldenFile): number {
  const { hiddenSize, intermediateSize, numHiddenLayers, vocabSize }: ModelConfig = readModelConfig(
    'golden',
    JSON.stringify(config),
  ).config;
  const hasVocabulary = cases.some(
    ({ outputs }) => outputs['BertForPreTraining'] ?? outputs['BertForMaskedLM'],
  );
  const perToken =
    numHiddenLayers * hiddenSize * (4 * hiddenSize + 2 * intermediateSize) +
    (hasVocabulary ? vocabSize * hiddenSize : 0);
  return cases.reduce((sum, { inputs }) => {
    const [batch, sequence] = inputTensors(inputs)[0]!.shape as [number, number];
    return sum + batch * sequence * (perToken + 2 * numHiddenLayers * sequence * hiddenSize);
  }, 0);
}
