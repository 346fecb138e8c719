import type { Warning } from '../../../ipu-config/base/warning.js';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Command, Option } from 'commander';
import { MODES, type Mode } from '../../../ipu-config/attributes.js';
import { MODEL_HEADS, type ModelHead } from '../../models/model-config.js';
import { familyOfType, MODEL_TYPES, placeModel, readModelConfig } from '../../models/families/families.js';
import type { Placement } from '../../models/placement.js';
import { reason } from '../../../ipu-config/base/reason.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { IpuConfig } from '../../../ipu-config/ipu-config.js';
import { parseJson } from '../../../ipu-config/parse-json.js';
import { isDict } from '../../../ipu-config/python-value.js';
import { serializeEmbedding } from '../../../ipu-config/serialized-embedding.js';
import { publishedModel } from '../../hardware/published-models.js';
import { readText } from '../../../ipu-config/base/files/read-text.js';
import { readConfigSource } from '../flags/config-source.js';
import { headOption } from '../flags/head-option.js';
import { formatConfig } from './format-config.js';

interface ShowOptions {
  readonly layers?: string;
  readonly model?: string;
  readonly family?: string;
  readonly head: string;
  readonly mode: Mode;
  readonly pod?: string;
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** `ipu-pipeline config show FILE`: the effective configuration and where it puts a model. */
export function configShowCommand(): Command {
  return new Command('show')
    .description(
      'print the effective configuration, which layers sit on which IPU, and what each attribute does',
    )
    .argument('<file>', 'an ipu_config.json, a directory that holds one, or the name of a preset')
    .option('--layers <n>', 'encoder layers of the model (default: what layers_per_ipu sums to)')
    .option(
      '--model <model>',
      'a Hugging Face directory, to take layers and family from its config.json, or a published size (roberta-large, …)',
    )
    .addOption(
      new Option('--family <type>', 'the model_type that the layers are of (default: bert)').choices(
        MODEL_TYPES,
      ),
    )
    .addOption(headOption('what sits on the encoder', [...MODEL_HEADS, 'none']).default('question-answering'))
    .addOption(
      new Option('--mode <mode>', 'attributes of training or of inference')
        .choices(MODES)
        .default('inference'),
    )
    .option(
      '--pod <type>',
      'pod type to take from dictionaries of older files: pod4, pod8, pod16, pod32, pod64',
    )
    .option('--strict', 'refuse what the newest optimum-graphcore refuses, instead of warning')
    .option('--json', 'print one JSON object')
    .action(async (file: string, options: ShowOptions, command: Command) => {
      command.configureOutput().writeOut?.(await showConfig(file, options));
    });
}

async function showConfig(file: string, options: ShowOptions): Promise<string> {
  const { config, warnings } = await readConfigSource(file, {
    strict: options.strict ?? false,
    ...(options.pod === undefined ? {} : { pod: options.pod }),
  });
  config.mode = options.mode;
  const model = await readShape(config, options);
  const head = options.head === 'none' ? null : (options.head as ModelHead);
  const placement = placeModel(config, { modelType: model.family, numHiddenLayers: model.layers }, { head });
  const all = [...warnings, ...placement.warnings, ...embeddingWarnings(config, model.vocabSize)];
  if (options.json) return `${JSON.stringify(toReport(config, placement, all))}\n`;
  return formatConfig(config, placement, all);
}

interface PlacedModel {
  readonly layers: number;
  /** Its `model_type`. */
  readonly family: string;
  readonly vocabSize?: number;
}

/** Layers of models that are not run are placed as BERT's. */
const USUAL_FAMILY = 'bert';

async function readShape(config: IpuConfig, options: ShowOptions): Promise<PlacedModel> {
  const { layers, model, family = USUAL_FAMILY } = options;
  for (const name of ['layers', 'family'] as const) {
    if (options[name] !== undefined && model !== undefined) {
      throw new InputError(`Give --${name} or --model, not both.`);
    }
  }
  if (model !== undefined) return readModel(model);
  if (layers !== undefined) {
    if (/^\d+$/.test(layers)) return { layers: Number(layers), family };
    throw new InputError(`--layers must be a whole number from 1, not ${layers}.`);
  }
  const name = config.managedName('layers_per_ipu');
  const counts = config.get(name);
  if (!counts.includes(-1)) return { layers: counts.reduce((sum, count) => sum + count, 0), family };
  throw new InputError(
    `${name}=[${counts.join(', ')}] has wildcards (-1), so it does not tell how many layers the model has.` +
      ' Give --layers N or --model DIR.',
  );
}

async function readModel(source: string): Promise<PlacedModel> {
  const published = existsSync(source) ? undefined : publishedModel(source);
  if (published) {
    const { layers, vocabSize, modelType = USUAL_FAMILY } = published;
    return { layers, vocabSize, family: modelType };
  }
  const file = join(source, 'config.json');
  const text = await readText(file);
  const { value } = parseJson(text, file);
  const field = (key: string): unknown => (isDict(value) ? value.get(key) : undefined);
  const type = field('model_type');
  if (typeof type !== 'string' || familyOfType(type)) {
    const { config } = readModelConfig(file, text);
    return { layers: config.numHiddenLayers, vocabSize: config.vocabSize, family: config.modelType };
  }
  const [layers, vocabSize] = [field('num_hidden_layers'), field('vocab_size')];
  if (typeof layers !== 'number') throw new InputError(`${file} has no number num_hidden_layers.`);
  return { layers, family: USUAL_FAMILY, ...(typeof vocabSize === 'number' ? { vocabSize } : {}) };
}

/** Models upstream take the training factor in inference too. */
function embeddingWarnings(config: IpuConfig, vocabSize: number | undefined): readonly Warning[] {
  const factor = config.get('embedding_serialization_factor');
  if (vocabSize === undefined || factor === null) return [];
  try {
    serializeEmbedding(vocabSize, factor);
    return [];
  } catch (error) {
    return [{ code: 'embedding-serialization', text: `On an IPU this would fail: ${reason(error)}` }];
  }
}

function toReport(config: IpuConfig, placement: Placement, warnings: readonly Warning[]): object {
  const { embedding, encoder, pooler, head, serialized, checkpoints } = placement;
  return {
    config: config.toJSON(),
    placement: { embedding, encoder, ...(pooler === null ? {} : { pooler }), head, serialized, checkpoints },
    stages: placement.stages,
    mode: placement.mode,
    trainingStages: placement.trainingStages,
    ipus: placement.ipus,
    replicas: placement.replicas,
    warnings,
  };
}
