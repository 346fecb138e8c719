import { CheckpointError } from '../../../ipu-config/base/checkpoint-error.js';
import { InternalError } from '../../../ipu-config/base/errors.js';
import { brief, parseJson } from '../../../ipu-config/base/json-text.js';
import type { IpuConfig } from '../../../ipu-config/ipu-config.js';
import type { TensorSpec } from '../../../ipu-config/base/tensor-spec.js';
import { bert } from '../bert/bert-family.js';
import { distilbert } from '../distilbert/distilbert-family.js';
import type { Family, ProgramOptions, ReadConfig } from '../family.js';
import type { ModelHead, ModelConfig, Slice } from '../model-config.js';
import { placeLayers, type Placement, type PlacedShape } from '../placement.js';
import { programTensors, type Program } from '../program.js';
import { roberta } from '../roberta/roberta-family.js';

/** The families that can be run; the first is that of files that name none, as old ones do. */
const FAMILIES: readonly [Family, ...Family[]] = [bert, roberta, distilbert];

/** Every `model_type` that can be run. */
export const MODEL_TYPES: readonly string[] = FAMILIES.flatMap(({ modelTypes }) => modelTypes);

/** The family of a `model_type`; undefined where there is none. */
export function familyOfType(modelType: string): Family | undefined {
  return FAMILIES.find(({ modelTypes }) => modelTypes.includes(modelType));
}

export function familyOf({ modelType }: Pick<ModelConfig, 'modelType'>): Family {
  const family = familyOfType(modelType);
  if (family) return family;
  throw new InternalError(`no family runs models of the type ${brief(modelType)}`);
}

/**
 * Reads Hugging Face's `config.json`, by the family that its `model_type` names; without one, by that of its class.
 * @param path only for messages.
 * @throws CheckpointError that names the key, its value and what would be right.
 */
export function readModelConfig(path: string, text: string): ReadConfig {
  const json = parseJson(path, text.replace(/^\ufeff/, ''));
  const { model_type: type, architectures } = (json ?? {}) as Readonly<Record<string, unknown>>;
  const known = MODEL_TYPES.map((name) => brief(name)).join(', ');
  if (type !== undefined) {
    const family = typeof type === 'string' ? familyOfType(type) : undefined;
    if (family) return family.readConfig(path, json);
    throw new CheckpointError(`${path}: model_type is ${brief(type)}; this program runs ${known} models.`);
  }
  const [named] = Array.isArray(architectures) ? (architectures as unknown[]) : [];
  if (typeof named !== 'string') return FAMILIES[0].readConfig(path, json);
  const family = FAMILIES.find(({ classes }) => classes.some((prefix) => named.startsWith(prefix)));
  if (family) return family.readConfig(path, json);
  throw new CheckpointError(
    `${path}: architectures names ${brief(named)}, and there is no model_type; this program runs ${known} models. ` +
      'If it is one, say so with "model_type".',
  );
}

/** What a stage with this part of a model computes. */
export function programOf(config: ModelConfig, slice: Slice, options?: ProgramOptions): Program {
  return familyOf(config).program(config, slice, options);
}

/** Every parameter that a slice reads, in the order of computation, each once. */
export function sliceTensors(config: ModelConfig, slice: Slice): readonly TensorSpec[] {
  return programTensors(programOf(config, slice));
}

/** The tensors that a model takes of each row. */
export function rowInputs(config: ModelConfig, options?: ProgramOptions): readonly string[] {
  const slice = { embedding: true, firstLayer: 0, endLayer: 0, head: null };
  const { inputs } = programOf(config, slice, options);
  return inputs.map(({ name }) => name);
}

/** The parameters of a head alone. */
export function headTensors(config: ModelConfig, head: ModelHead): readonly TensorSpec[] {
  const end = config.numHiddenLayers;
  return sliceTensors(config, { embedding: false, firstLayer: end, endLayer: end, head });
}

/**
 * Where upstream puts the parts of a model.
 * @throws ConfigError, InputError as `placeLayers`
 */
export function placeModel(
  ipuConfig: IpuConfig,
  config: Pick<ModelConfig, 'modelType' | 'numHiddenLayers'>,
  shape: Omit<PlacedShape, 'layers'>,
): Placement {
  return placeLayers(ipuConfig, { ...shape, layers: config.numHiddenLayers }, familyOf(config));
}

/** Where upstream puts the parts of a BERT model: see `placeModel`. */
export function placeBert(ipuConfig: IpuConfig, { layers, ...shape }: PlacedShape): Placement {
  return placeModel(ipuConfig, { modelType: 'bert', numHiddenLayers: layers }, shape);
}
