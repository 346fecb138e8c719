/** `ipu-pipeline/internals`: for the tests and benches of this project. Without promise: anything here may change or go. */
export { ATTRIBUTE_USES, useLabel } from '../../ipu-config/attribute-uses.js';
export { ATTRIBUTE_NAMES } from '../../ipu-config/attributes.js';
export { batchSizeFactor, microBatchOf, stepsPerEpoch } from '../../ipu-config/batching.js';
export { splitEncoderDecoder } from '../../ipu-config/encoder-decoder.js';
export { replicationOf, reservedIpus } from '../../ipu-config/ipu-reservation.js';
export { expandLayersPerIpu, layerSplit } from '../../ipu-config/layer-placement.js';
export { type PoptorchOutputMode, defaultOutputMode, resultBatches } from '../../ipu-config/output-mode.js';
export {
  type ExecutionStrategy,
  checkPipelineMinimum,
  checkPopartDepth,
} from '../../ipu-config/pipeline-minimum.js';
export { forPodType } from '../../ipu-config/pod-types.js';
export { PRESETS } from '../../ipu-config/presets.js';
export { fromPython, toPython } from '../../ipu-config/python-value.js';
export { serializedRow } from '../../ipu-config/serialized-embedding.js';
export { updateFromString } from '../../ipu-config/update-from-string.js';
export { CallCollector, checkOutputMode } from '../../pipeline/runtime/calls.js';
export { HANDLERS, type Handler } from '../../pipeline/runtime/rank/handlers.js';
export { printCell } from '../../pipeline/schedule/cell-text.js';
export { OP_TABLE } from '../../pipeline/schedule/op-table.js';
export { Progress } from '../../pipeline/schedule/progress.js';
export { RankTiler } from '../../pipeline/schedule/rank-tiler.js';
export { shareRanks } from '../../pipeline/schedule/share-ranks.js';
export { inputRow } from '../../pipeline/schedule/streamed.js';
export {
  mergeStages,
  pipelineUtilisation,
  popartPhases,
  popartSchedule,
} from '../../pipeline/schedules/popart.js';
export { EventQueue } from '../../pipeline/simulate/event-queue.js';
export { type LockstepStage, lockstepTime } from '../../pipeline/simulate/lockstep-time.js';
export { environment } from '../benchmark/environment.js';
export { SteadyWindow } from '../benchmark/steady-window.js';
export { Workload } from '../benchmark/workload.js';
export { OutputOption } from '../cli/flags/outputs.js';
export { commandLine, runCli } from '../cli/run-cli.js';
export { probeGpuJs } from '../executors/choice/choose-executor.js';
export { runProbe } from '../executors/choice/run-probe.js';
export {
  matmulByFours,
  matmulConstants,
  matmulInBlocks,
  matmulSideBySide,
} from '../executors/gpu-js/kernels/matmul.js';
export { POWERS_OF_HALF, exponentialsByTable } from '../executors/gpu-js/kernels/softmax.js';
export { openComputeDevice } from '../executors/gpu-js/open-device.js';
export { executorNames } from '../executors/registry.js';
export { CHIPS, SYSTEMS, hardwareOf, override } from '../hardware/hardware-specs.js';
export { planMatmul } from '../hardware/matmul.js';
export { memoryPerIpu } from '../hardware/memory.js';
export { predictRates } from '../hardware/predict.js';
export { scheduleOf } from '../hardware/run-schedule.js';
export { stageCosts } from '../hardware/stage-cost.js';
export { hubSettings } from '../hub/hub-settings.js';
export { parseModelReference } from '../hub/model-reference.js';
export { bypassesProxy } from '../hub/proxy.js';
export { type ModelMeasurements, fitModel } from '../machine/fit-model.js';
export { isProfile } from '../machine/load-profile.js';
export type { Measurement, ModelProfile } from '../machine/machine-profile.js';
export { predictSplit } from '../machine/plan-on-profile.js';
export { BERT_SIZES, publishedConfig } from '../models/bert/synthetic-sizes.js';
export { headTensors, sliceTensors } from '../models/families/families.js';
export { ACTIVITIES } from '../observe/activity.js';
export { activityPaint } from '../observe/palette.js';
export { decodeSpans, encodeSpans } from '../observe/span-codec.js';
export { SpanIndex, type SpanPlace } from '../observe/span-index.js';
export { SpanTableBuilder, spansOf, timeByActivity } from '../observe/span-table.js';
export { type WaitChain, waitChain } from '../observe/wait-chain.js';
export { planSplit } from '../planning/plan.js';
export { comesAlong, ipuOfLayer, movedLayers, placedLayers } from '../report/playground/board.js';
export { settingDifferences, timeShares } from '../report/playground/compared.js';
export { changed, historyOf, redone, undone } from '../report/playground/history.js';
export { withFile } from '../report/playground/opened-file.js';
export { attempted, memoryProblem, outcomeOf } from '../report/playground/outcome.js';
export { linkOf, setupFromLink } from '../report/playground/setup-link.js';
export { type Setup, setupFrom, withAdvice, withConfigText, withLayers } from '../report/playground/setup.js';
export { syntheticVocabulary } from '../runs/synthetic-vocabulary.js';
export { questionWindows } from '../tasks/answer.js';
export { type Aggregation, entitiesOf } from '../tasks/entities.js';
export { answerExact, answerF1, noAnswerF1, normalizeAnswer } from '../tasks/squad/answer-match.js';
export { GeneratedWeights } from '../weights/generated-weights.js';
