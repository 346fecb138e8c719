/** `ipu-pipeline/models`: a model’s configuration, tensors, stages and weights, and where they come from. */
export type { DownloadOptions, DownloadProgress } from '../hub/download-model.js';
export type { Environment as HubEnvironment } from '../hub/hub-settings.js';
export type { ModelReference } from '../hub/model-reference.js';
export {
  MODEL_TYPES,
  familyOfType,
  placeModel,
  programOf,
  readModelConfig,
  rowInputs,
} from '../models/families/families.js';
export type { PlannedStage } from '../models/families/stage-plan.js';
export type {
  Block,
  Family,
  FamilyHead,
  HeadIpus,
  HeadSteps,
  ProgramOptions,
  ReadConfig,
} from '../models/family.js';
export {
  MODEL_HEADS,
  type ModelConfig,
  type ModelHead,
  type Slice,
  longestSequence,
} from '../models/model-config.js';
export { type PlacedShape, type PlacedStage, type Placement, stageName } from '../models/placement.js';
export type { Program, ProgramInput, ProgramOutput } from '../models/program.js';
export type {
  Activation,
  AddNormStep,
  AttendStep,
  Dimension,
  EmbedStep,
  FirstStep,
  GatherStep,
  LinearParameters,
  LinearStep,
  Lookup,
  NormParameters,
  NormStep,
  Step,
  TableRows,
  Value,
} from '../models/steps.js';
export { CheckpointWeights } from '../weights/checkpoint-weights.js';
export type { Dtype } from '../weights/dtype.js';
export type { SafetensorsEntry } from '../weights/safetensors-header.js';
export { SafetensorsFile } from '../weights/safetensors.js';
export type { TensorFile, TensorInfo } from '../weights/tensor-file.js';
export type { Spellings } from '../weights/tensor-names.js';
export { TorchFile } from '../weights/torch-file.js';
export type { StoredTensor, WeightPlace, WeightSource } from '../weights/weights.js';
