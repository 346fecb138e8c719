/** `ipu-pipeline/tasks`: rows, options and results of each task; SQuAD. */
export { type BertPipelineOptions, checkSequenceLength } from '../runs/bert-pipeline.js';
export type { CutModel } from '../runs/cut-model.js';
export { tokenizerOf } from '../runs/model-tokenizer.js';
export { type Note, type WeightSpec, checkWeights, openWeights } from '../runs/model.js';
export { type ModelChoices, modelChoices } from '../runs/sentence-model.js';
export { USUAL_LENGTH, taskContext } from '../runs/session.js';
export { withHead } from '../runs/task-head.js';
export {
  type AnswerOptions,
  type AnswerSpan,
  type WindowLogits,
  answerFromLogits,
} from '../tasks/answer-spans.js';
export type { ScoredLabel } from '../tasks/classify.js';
export type { Entity } from '../tasks/entities.js';
export { type Field, type Fields, inputSchema, takesText } from '../tasks/fields.js';
export type { FilledMask, MaskCandidate } from '../tasks/fill.js';
export {
  type OptionSpec,
  type OptionSpecs,
  type OptionValues,
  optionsSchema,
  resolveOptions,
} from '../tasks/options.js';
export {
  type AnsweredQuestion,
  type AnsweringSession,
  SQUAD_TASK,
  answerSquad,
  countWindows,
} from '../tasks/squad/evaluate-squad.js';
export { finalText } from '../tasks/squad/final-text.js';
export {
  type SquadAnswer,
  type SquadAnswerOptions,
  type SquadCandidate,
  type SquadWindow,
  squadAnswer,
} from '../tasks/squad/squad-answers.js';
export {
  type SquadDataset,
  type SquadQuestion,
  type SquadVersion,
  parseSquad,
} from '../tasks/squad/squad-file.js';
export { type RunSettings, SquadJournal, readAnswers } from '../tasks/squad/squad-journal.js';
export {
  type Predictions,
  type QuestionScore,
  type SquadV1Result,
  type SquadV2Options,
  type SquadV2Result,
  squadV1Result,
  squadV1Scores,
  squadV2Result,
  squadV2Scores,
} from '../tasks/squad/squad-metrics.js';
export { RESULT_FILES, writeSquadResults } from '../tasks/squad/squad-results.js';
export type { AnyTask } from '../tasks/table.js';
export type {
  RowOutput,
  RowTensor,
  TaskContext,
  TaskInputs,
  TaskResult,
  TaskRow,
  TaskSpec,
  TextStyle,
} from '../tasks/task.js';
