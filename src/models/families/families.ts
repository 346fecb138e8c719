import { CheckpointError } from '../../../ipu-config/base/checkpoint-error.js';
import { InternalError } from '../../../ipu-config/base/errors.js';
import { brief, parseJson } from '../../../ipu-config/base/json-text.js';
import type { IpuConfig } from '../../../ipu-config/ipu-config.js';
import type { TensorSpec } from '../../../ipu-config/base/tensor-spec.js';
import { bert } from '../bert/bert-family.js';
import type { Family, ProgramOptions, ReadConfig } from '../family.js';
import type { ModelHead, ModelConfig, Slice } from '../model-config.js';
import { placeLayers, type Placement, type PlacedShape } from '../placement.js';
import { programTensors, type Program } from '../program.js';

/** The families that can be run; the first is that of files that name none, as old ones do. */
const FAMILIES: readonly [Family, ...Family[]] = [bert];

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
 * Reads Hugging Face's `config.json`, by the family that its `model_type` names.
 * @param path only for messages.
 * @throws CheckpointError that names the key, its value and what would be right.
 */
export function readModelConfig(path: string, text: string): ReadConfig {
  const json = parseJson(path, text.replace(/^\ufeff/, ''));
  const type = (json as { model_type?: unknown } | null)?.model_type;
  if (typeof type !== 'string') return FAMILIES[0].readConfig(path, json);
  const family = familyOfType(type);
  if (family) return family.readConfig(path, json);
  const known = FAMILIES.flatMap(({ modelTypes }) => modelTypes.map((name) => `"${name}"`)).join(', ');
  throw new CheckpointError(`${path}: model_type is ${brief(type)}; this program runs ${known} models.`);
}

/** What a stage with this part of a model computes. */
export function programOf(config: ModelConfig, slice: Slice, options?: ProgramOptions): Program {
  return familyOf(config).program(config, slice, options);
}

/** Every parameter that a slice reads, in the order of computation, each once. */
export function sliceTensors(config: ModelConfig, slice: Slice): readonly TensorSpec[] {
  return programTensors(programOf(config, slice));
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
  config: ModelConfig,
  shape: Omit<PlacedShape, 'layers'>,
): Placement {
  return placeLayers(ipuConfig, { ...shape, layers: config.numHiddenLayers }, familyOf(config).blocks);
}
