export { ATTRIBUTE_USES, useLabel, type AttributeUse } from '../../ipu-config/attribute-uses.js';
export {
  ATTRIBUTE_NAMES,
  MANAGED_ATTRIBUTES,
  MODES,
  OUTPUT_MODES,
  type AttributeName,
  type IpuConfigAttributes,
  type ManagedAttribute,
  type Mode,
  type OutputMode,
} from '../../ipu-config/attributes.js';
export {
  batchSizeFactor,
  microBatchOf,
  stepsPerEpoch,
  trainerThroughput,
  type CombinedBatch,
  type TrainerThroughput,
} from '../../ipu-config/batching.js';
export { MODEL_HEADS, type ModelHead } from '../models/model-config.js';
export { bertBlocks } from '../models/bert/bert-blocks.js';
export type { Block } from '../models/family.js';
export { countStages, type StageCounts } from '../models/placement.js';
export {
  placeBert,
  stageName,
  type BertPlacement,
  type BertShape,
  type PlacedStage,
} from '../models/bert/bert-placement.js';
export { describeConfig, type AttributeDescription } from '../../ipu-config/describe-config.js';
export { splitEncoderDecoder, type EncoderDecoderConfigs } from '../../ipu-config/encoder-decoder.js';
export {
  ConfigError,
  InputError,
  InternalError,
  IpuPipelineError,
  type UpstreamErrorType,
} from '../../ipu-config/base/errors.js';
export { IpuConfig, type AttributeSource } from '../../ipu-config/ipu-config.js';
export { MAX_IPUS, replicationOf, reservedIpus } from '../../ipu-config/ipu-reservation.js';
export {
  expandLayersPerIpu,
  layerIpus,
  layerSplit,
  type LayerSplit,
} from '../../ipu-config/layer-placement.js';
export {
  loadIpuConfig,
  parseIpuConfig,
  type LoadedConfig,
  type LoadOptions,
} from '../../ipu-config/load-config.js';
export {
  POPTORCH_OUTPUT_MODES,
  defaultOutputMode,
  resultBatches,
  type OutputCall,
  type PoptorchOutputMode,
} from '../../ipu-config/output-mode.js';
export { parseJson, type ParsedJson } from '../../ipu-config/parse-json.js';
export {
  checkPipelineMinimum,
  checkPopartDepth,
  trainingStages,
  type ExecutionStrategy,
} from '../../ipu-config/pipeline-minimum.js';
export { POD_TYPES, forPodType, isPodType, type PodType } from '../../ipu-config/pod-types.js';
export {
  PRESETS,
  PRESET_NAMES,
  isPresetName,
  loadPreset,
  type PresetName,
} from '../../ipu-config/presets.js';
export { repr as pythonRepr } from '../../ipu-config/python-repr.js';
export {
  PythonFloat,
  toPython,
  fromPython,
  type JsonValue,
  type PythonDict,
  type PythonValue,
} from '../../ipu-config/python-value.js';
export {
  serializeEmbedding,
  serializedRow,
  type SerializedEmbedding,
} from '../../ipu-config/serialized-embedding.js';
export { updateFromString } from '../../ipu-config/update-from-string.js';
export {
  CallCollector,
  checkOutputMode,
  type CallOutputMode,
  type CallResult,
} from '../../pipeline/runtime/calls.js';
export type { StageStats } from '../../pipeline/runtime/coordinator.js';
export type { PipelineInputs } from '../../pipeline/runtime/input-feed.js';
export type { PipelineState } from '../../pipeline/runtime/lifecycle.js';
export type { PipelineOptions } from '../../pipeline/runtime/options.js';
export { HANDLERS, type Handler } from '../../pipeline/runtime/rank/handlers.js';
export { Pipeline, type CallOptions } from '../../pipeline/runtime/pipeline.js';
export type { RunResult } from '../../pipeline/runtime/result-queue.js';
export type {
  BenchmarkReport,
  BenchmarkSettings,
  LatencyHistogram,
  MeasuredRun,
} from '../benchmark/benchmark-report.js';
export { benchmark, type BenchmarkHooks, type BenchmarkOptions } from '../benchmark/benchmark.js';
export { environment, type Environment } from '../benchmark/environment.js';
export { SteadyWindow, type RankActivity, type SteadyActivity } from '../benchmark/steady-window.js';
export { Workload, type WorkloadTokenizer } from '../benchmark/workload.js';
export type { BertConfig, BertHead, BertSlice } from '../models/bert/bert-config.js';
export { startBertPipeline, type BertPipelineOptions } from '../runs/bert-pipeline.js';
export {
  familyOf,
  headTensors,
  placeModel,
  programOf,
  readModelConfig,
  sliceTensors,
} from '../models/families/families.js';
export { MODEL_SIZES } from '../models/families/model-sizes.js';
export type { Family, ProgramOptions, ReadConfig } from '../models/family.js';
export type { Program, ProgramInput, ProgramOutput } from '../models/program.js';
export type * from '../models/steps.js';
export type { TensorSpec } from '../../ipu-config/base/tensor-spec.js';
export { checkWeights, openModel, openWeights, type BertModel, type WeightSpec } from '../runs/model.js';
export { oneDevice, planStages, type PlannedStage } from '../models/families/stage-plan.js';
export { withHead } from '../runs/task-head.js';
export { BERT_SIZES, publishedConfig, type BertSize } from '../models/bert/synthetic-sizes.js';
export type { StoredTensor, WeightPlace, WeightSource } from '../weights/weights.js';
export { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
export { CheckpointWeights } from '../weights/checkpoint-weights.js';
export { GeneratedWeights } from '../weights/generated-weights.js';
export type { SafetensorsEntry } from '../weights/safetensors-header.js';
export { SafetensorsFile } from '../weights/safetensors.js';
export type { TensorFile, TensorInfo } from '../weights/tensor-file.js';
export { TorchFile } from '../weights/torch-file.js';
export * from './executing.js';
export {
  downloadModel,
  type DownloadOptions,
  type DownloadProgress,
  type DownloadedModel,
} from '../hub/download-model.js';
export {
  HUB,
  hubSettings,
  type Environment as HubEnvironment,
  type HubSettings,
} from '../hub/hub-settings.js';
export { parseModelReference, type ModelReference } from '../hub/model-reference.js';
export { bypassesProxy } from '../hub/proxy.js';
export * from './reports.js';
export { questionWindows, type QuestionToAnswer } from '../tasks/answer.js';
export type { Choice, ChoiceToMake } from '../tasks/choose.js';
export type { Classification, ScoredLabel, TextToClassify } from '../tasks/classify.js';
export { POOLINGS, type Embedding, type Pooling, type TextToEmbed } from '../tasks/embed.js';
export {
  AGGREGATIONS,
  entitiesOf,
  type Aggregation,
  type Entity,
  type LabelledPiece,
} from '../tasks/entities.js';
export { inputSchema, type Field, type Fields } from '../tasks/fields.js';
export type { FilledMask, FilledText, MaskCandidate, TextToFill } from '../tasks/fill.js';
export type { LabelledText, TextToLabel } from '../tasks/label.js';
export type { NextSentence, SentencePair } from '../tasks/next-sentence.js';
export {
  optionsSchema,
  resolveOptions,
  type OptionSpec,
  type OptionSpecs,
  type OptionValues,
} from '../tasks/options.js';
export {
  TASKS,
  type AnyTask,
  type TaskInput,
  type TaskName,
  type TaskOptions,
  type TaskOutput,
} from '../tasks/table.js';
export {
  RefusedInput,
  type RowOutput,
  type RowTensor,
  type Task,
  type TaskContext,
  type TaskDefinition,
  type TaskInputs,
  type TaskResult,
  type TaskSpec,
  type TextStyle,
} from '../tasks/task.js';
export { cutModel, type CutModel } from '../runs/cut-model.js';
export { openSession, taskContext, type Session, type SessionOptions } from '../runs/session.js';
export { QueueFullError, type QueueLoad, type SubmitOptions } from '../runs/submit-queue.js';
export { answerExact, answerF1, noAnswerF1, normalizeAnswer } from '../tasks/squad/answer-match.js';
export {
  answerFromLogits,
  type Answer,
  type AnswerOptions,
  type AnswerSpan,
  type WindowLogits,
} from '../tasks/answer-spans.js';
export { answerSquad, type AnsweredQuestion } from '../tasks/squad/evaluate-squad.js';
export { finalText } from '../tasks/squad/final-text.js';
export {
  squadAnswer,
  type SquadAnswer,
  type SquadAnswerOptions,
  type SquadCandidate,
  type SquadWindow,
} from '../tasks/squad/squad-answers.js';
export {
  parseSquad,
  type SquadDataset,
  type SquadQuestion,
  type SquadVersion,
} from '../tasks/squad/squad-file.js';
export { SquadJournal, readAnswers, type RunSettings } from '../tasks/squad/squad-journal.js';
export {
  squadV1Result,
  squadV1Scores,
  squadV2Result,
  squadV2Scores,
  type Predictions,
  type QuestionScore,
  type SquadV1Result,
  type SquadV2Options,
  type SquadV2Result,
} from '../tasks/squad/squad-metrics.js';
export { RESULT_FILES, writeSquadResults } from '../tasks/squad/squad-results.js';
export type { AddedToken } from '../tokenizer/base/added-tokens.js';
export type { Tokenizer, TokenizedText, TokenizerFlavour } from '../tokenizer/base/tokenizer.js';
export type { RowLayout, RowPart } from '../tokenizer/base/row-layout.js';
export { BertTokenizer, type BertTokenizerOptions } from '../tokenizer/bert-tokenizer.js';
export { decode, type DecodeOptions } from '../tokenizer/decode.js';
export {
  codePointOffsets,
  encode,
  encodeBatch,
  type EncodeOptions,
  type Encoding,
} from '../tokenizer/encode.js';
export { loadTokenizer, type LoadTokenizerOptions } from '../tokenizer/load/load-tokenizer.js';
export { syntheticVocabulary } from '../runs/synthetic-vocabulary.js';
export type { Truncation } from '../tokenizer/truncation.js';
export { tokenizerOf } from '../runs/model-tokenizer.js';
export { parseVocabulary, Vocabulary, type SpecialPieces } from '../tokenizer/base/vocabulary.js';
export { encodeWindows, type WindowOptions } from '../tokenizer/windows.js';
export { VERSION } from '../../ipu-config/base/files/version.js';
export * from './simulator.js';
export * from './profiling.js';
export * from './scheduling.js';
