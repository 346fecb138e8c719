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
export {
  PLACED_HEADS,
  bertBlocks,
  countStages,
  type BertBlock,
  type PlacedHead,
  type StageCounts,
} from '../models/bert/bert-blocks.js';
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
export type { CallOutputMode, CallResult } from '../../pipeline/runtime/calls.js';
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
export { headTensors, sliceTensors, type TensorSpec } from '../models/bert/bert-tensors.js';
export { checkWeights, openModel, openWeights, type BertModel, type WeightSpec } from '../runs/model.js';
export { readBertConfig, type ReadBertConfig } from '../models/bert/read-bert-config.js';
export { oneDevice, planStages, type BertStage } from '../models/bert/stage-plan.js';
export { withHead } from '../runs/task-head.js';
export { BERT_SIZES, publishedConfig, type BertSize } from '../models/bert/synthetic-sizes.js';
export type { WeightPlace, WeightSource } from '../weights/weights.js';
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
export {
  answerQuestions,
  answerTask,
  questionWindows,
  type AnswerQuestionsOptions,
  type QuestionToAnswer,
} from '../tasks/answer-questions.js';
export {
  chooseEndings,
  chooseTask,
  type Choice,
  type ChoiceToMake,
  type ChooseOptions,
} from '../tasks/choose-endings.js';
export {
  classifyTask,
  classifyTexts,
  type Classification,
  type ClassifyOptions,
  type ScoredLabel,
  type TextToClassify,
} from '../tasks/classify-texts.js';
export {
  embedTask,
  embedTexts,
  POOLINGS,
  type Embedding,
  type EmbedOptions,
  type Pooling,
  type TextToEmbed,
} from '../tasks/embed-texts.js';
export {
  AGGREGATIONS,
  entitiesOf,
  type Aggregation,
  type Entity,
  type LabelledPiece,
} from '../tasks/entities.js';
export {
  fillMasks,
  fillTask,
  type FilledMask,
  type FilledText,
  type FillOptions,
  type MaskCandidate,
  type TextToFill,
} from '../tasks/fill-masks.js';
export {
  labelTask,
  labelTokens,
  type LabelledText,
  type LabelOptions,
  type TextToLabel,
} from '../tasks/label-tokens.js';
export {
  batchTensors,
  lengthBuckets,
  rowOutputs,
  type Row,
  type RowOutput,
  type RowTensor,
} from '../runs/length-buckets.js';
export {
  nextSentenceTask,
  predictNext,
  type NextSentence,
  type NextSentenceOptions,
  type SentencePair,
} from '../tasks/predict-next.js';
export { runTask } from '../runs/run-task.js';
export { openTask, taskContext, type SessionOptions } from '../runs/task-session.js';
export {
  RefusedInput,
  type Task,
  type TaskContext,
  type TaskInputs,
  type TaskResult,
  type TaskSession,
} from '../tasks/task.js';
export { answerExact, answerF1, noAnswerF1, normalizeAnswer } from '../tasks/answer-match.js';
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
export type { TokenizerFlavour } from '../tokenizer/basic-options.js';
export { BertTokenizer, type BertTokenizerOptions } from '../tokenizer/bert-tokenizer.js';
export { decode, type DecodeOptions } from '../tokenizer/decode.js';
export {
  codePointOffsets,
  encode,
  encodeBatch,
  type EncodeOptions,
  type Encoding,
} from '../tokenizer/encode.js';
export { loadTokenizer } from '../tokenizer/load-tokenizer.js';
export { syntheticVocabulary } from '../runs/synthetic-vocabulary.js';
export type { Truncation } from '../tokenizer/truncation.js';
export { tokenizerOf } from '../runs/model-tokenizer.js';
export { parseVocabulary, Vocabulary, type SpecialPieces } from '../tokenizer/vocabulary.js';
export { encodeWindows, type WindowOptions } from '../tokenizer/windows.js';
export type { TokenizedText } from '../tokenizer/word-piece.js';
export { VERSION } from '../../ipu-config/base/files/version.js';
export * from './simulator.js';
export * from './profiling.js';
export * from './scheduling.js';
