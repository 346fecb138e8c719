/** `ipu-pipeline/config`: a Graphcore ipu_config.json, parsed, explained, checked and placed. */
export {
  type AttributeName,
  MANAGED_ATTRIBUTES,
  MODES,
  type ManagedAttribute,
  type Mode,
  OUTPUT_MODES,
  type OutputMode,
} from '../../ipu-config/attributes.js';
export type { Frozen } from '../../ipu-config/base/checked.js';
export { DTYPES, type TensorDtype } from '../../ipu-config/base/dtypes.js';
export type { UpstreamErrorType } from '../../ipu-config/base/errors.js';
export type { TensorSpec } from '../../ipu-config/base/tensor-spec.js';
export type { Warning, WarningCode } from '../../ipu-config/base/warning.js';
export { type TrainerThroughput, trainerThroughput } from '../../ipu-config/batching.js';
export { type AttributeDescription, describeConfig } from '../../ipu-config/describe-config.js';
export { evenConfig } from '../../ipu-config/even-config.js';
export type { AttributeSource } from '../../ipu-config/ipu-config.js';
export { type LayerSplit, layerIpus } from '../../ipu-config/layer-placement.js';
export { parseIpuConfig } from '../../ipu-config/load-config.js';
export { type ParsedJson, parseJson } from '../../ipu-config/parse-json.js';
export { trainingStages } from '../../ipu-config/pipeline-minimum.js';
export { PRESET_NAMES, type PresetName, isPresetName, loadPreset } from '../../ipu-config/presets.js';
export { repr as pythonRepr } from '../../ipu-config/python-repr.js';
export {
  type JsonValue,
  type PythonDict,
  PythonFloat,
  type PythonValue,
} from '../../ipu-config/python-value.js';
export { type SerializedEmbedding, serializeEmbedding } from '../../ipu-config/serialized-embedding.js';
