import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { CheckpointError, openModel, type BertModel, type Tensor } from 'ipu-pipeline';
import { executorByName, type Executor } from 'ipu-pipeline/executors';
import { FORMAT_EXECUTORS, EXECUTORS_HERE } from '../executors-here.js';
import { fault, type GoldenTensor } from './golden-tensor.js';
import type { Report, Skip } from './report.js';
import { inputTensors, layerByLayer, runSlice, wholeModel, type GoldenInputs } from './slices.js';

const GOLDENS = 'golden';
/** Old spellings of a class's checkpoint, which have the goldens of the new one (README.md §1). */
const LEGACY = 'tiny-bert-legacy';
const TORCH = 'pytorch_model.bin';

interface GoldenFile {
  readonly model: string;
  readonly class_name: string;
  readonly cases: readonly GoldenCase[];
}

interface GoldenCase {
  readonly name: string;
  readonly inputs: GoldenInputs;
  readonly outputs: Readonly<Record<string, GoldenTensor | readonly GoldenTensor[]>>;
}

/** Folders of goldens whose files say which checkpoint they are of: `tiny` of BERT, one for each set of other families. */
export function folders(dir: string): string[] {
  if (!existsSync(join(dir, GOLDENS))) return [];
  return readdirSync(join(dir, GOLDENS)).filter((folder) => {
    const path = join(dir, GOLDENS, folder);
    const first = readdirSync(path).find((name) => name.endsWith('.json'));
    const file = first === undefined ? {} : (JSON.parse(readFileSync(join(path, first), 'utf8')) as object);
    return 'model' in file && 'class_name' in file;
  });
}

/** Models with a checkpoint of their own, in each form of it, on every executor. */
export async function run(dir: string, report: Report, skip: Skip): Promise<void> {
  for (const folder of folders(dir)) await runFolder(dir, join(dir, GOLDENS, folder), report, skip);
}

async function runFolder(dir: string, folder: string, report: Report, skip: Skip): Promise<void> {
  const files = (await readdir(folder)).filter((name) => name.endsWith('.json')).sort();
  for (const name of files) {
    const file = JSON.parse(await readFile(join(folder, name), 'utf8')) as GoldenFile;
    const label = basename(name, '.json');
    if (hasAttentions(file)) skip(`${label}: attentions`, 'stages do not hand out attention probabilities');
    for (const directory of checkpoints(dir, file)) {
      const executors = directory === file.model ? EXECUTORS_HERE : FORMAT_EXECUTORS;
      await runCheckpoint(file, `${label} (${directory})`, join(dir, directory), { executors, report, skip });
      await withTorchOnly(join(dir, directory), (torchOnly) =>
        runCheckpoint(file, `${label} (${directory}, ${TORCH})`, torchOnly, {
          executors: FORMAT_EXECUTORS,
          ...{ report, skip },
        }),
      );
    }
  }
}

/** A directory with both formats is opened as safetensors; this shows its torch file alone. */
async function withTorchOnly(directory: string, use: (torchOnly: string) => Promise<void>): Promise<void> {
  if (!existsSync(join(directory, TORCH)) || !existsSync(join(directory, 'model.safetensors'))) return;
  const torchOnly = await mkdtemp(join(tmpdir(), 'ipu-pipeline-goldens-'));
  try {
    for (const name of ['config.json', TORCH]) {
      await symlink(resolve(directory, name), join(torchOnly, name));
    }
    await use(torchOnly);
  } finally {
    await rm(torchOnly, { recursive: true, force: true });
  }
}

function checkpoints(dir: string, { model, class_name }: GoldenFile): string[] {
  const legacy = join(LEGACY, class_name);
  const isPlain = model === join('tiny-bert', class_name);
  return isPlain && existsSync(join(dir, legacy)) ? [model, legacy] : [model];
}

async function runCheckpoint(
  file: GoldenFile,
  label: string,
  directory: string,
  { executors, report, skip }: { executors: readonly string[]; report: Report; skip: Skip },
): Promise<void> {
  const model = await openModel(directory).catch((error: unknown) => error as Error);
  if (model instanceof Error) return report(label, model.message);
  if (!model.head && !file.class_name.endsWith('Model')) {
    return report(label, `config.json names no head; the goldens are of ${file.class_name}`);
  }
  for (const executorName of executors) {
    const name = `${label}, ${executorName}`;
    try {
      await runCases(executorByName(executorName), model, file, (what, error) =>
        report(`${name}: ${what}`, error),
      );
    } catch (error) {
      const { message } = error as Error;
      const isUnsupported = error instanceof CheckpointError && message.includes('not read yet');
      if (isUnsupported) skip(name, message);
      else report(name, message);
    }
  }
}

async function runCases(
  executor: Executor,
  model: BertModel,
  { cases }: GoldenFile,
  report: Report,
): Promise<void> {
  const batches = cases.map(({ inputs }) => inputTensors(inputs));
  const outputs = await runSlice(executor, model, wholeModel(model.config, model.head), batches);
  cases.forEach((golden, at) => {
    for (const [name, expected] of Object.entries(golden.outputs)) {
      if (!('shape' in expected)) continue;
      // Without a pooler a model ends as a stage does.
      const ours = name === 'last_hidden_state' && !model.head ? 'hidden_state' : name;
      const actual = outputs[at]!.find((tensor) => tensor.name === ours);
      report(`${golden.name} ${name}`, fault(actual, expected));
    }
  });
  const deep = cases.filter(({ outputs }) => outputs['hidden_states']);
  const states = await hiddenStates(
    executor,
    model,
    deep.map(({ inputs }) => inputTensors(inputs)),
  );
  deep.forEach((golden, at) => {
    const expected = golden.outputs['hidden_states'] as readonly GoldenTensor[];
    expected.forEach((tensor, layer) => {
      report(`${golden.name} hidden_states[${layer}]`, fault(states[at]![layer], tensor));
    });
  });
}

/** For each input the embedding's output and every layer's, each layer as a stage of its own. */
async function hiddenStates(
  executor: Executor,
  model: BertModel,
  batches: readonly (readonly Tensor[])[],
): Promise<Tensor[][]> {
  const states: Tensor[][] = batches.map(() => []);
  if (batches.length === 0) return states;
  let current = batches;
  for (const slice of layerByLayer(model.config)) {
    current = await runSlice(executor, model, slice, current);
    current.forEach((tensors, at) => states[at]!.push(tensors.find(({ name }) => name === 'hidden_state')!));
  }
  return states;
}

function hasAttentions({ cases }: GoldenFile): boolean {
  return cases.some(({ outputs }) => outputs['attentions']);
}
