import type { BertConfig } from '../models/bert/bert-config.js';
import { likeliest, sigmoid, softmax } from './likelihood.js';
import { runTask } from '../runs/run-task.js';
import type { Task, TaskContext, TaskInputs, TaskResult, TaskSession } from './task.js';
import { oneRow, outputOf } from './task-rows.js';

export interface TextToClassify {
  readonly text: string;
  /** Of a pair, such as premise and hypothesis. */
  readonly pair?: string;
}

export interface ScoredLabel {
  readonly label: string;
  readonly score: number;
}

export interface Classification extends ScoredLabel {
  /** Every label, the best first. */
  readonly scores: readonly ScoredLabel[];
}

export interface ClassifyOptions {
  /** Cut texts that are too long; refused when absent. */
  readonly truncate?: boolean;
}

/** Gives each text a label, on a pipeline with a sequence-classification head. @throws as `runTask` */
export function classifyTexts<Input extends TextToClassify>(
  session: TaskSession,
  inputs: TaskInputs<Input>,
  options: ClassifyOptions = {},
): AsyncGenerator<TaskResult<Input, Classification>, void, undefined> {
  return runTask<Input, Classification>(session, classifyTask(session, options), inputs);
}

/** The task of `classifyTexts`, without a pipeline to run on. */
export function classifyTask(
  context: TaskContext,
  options: ClassifyOptions = {},
): Task<TextToClassify, Classification> {
  const { tokenizer, config, maxLength } = context;
  return {
    rows: ({ text, pair }) => [oneRow(tokenizer, { text, pair }, { maxLength, ...options })],
    result: (_input, _rows, outputs) => classification(config, outputOf(outputs[0], 'logits').data),
  };
}

/** Scores as transformers' text-classification pipeline gives them for the model's `problem_type`. */
function classification(config: BertConfig, logits: ArrayLike<number>): Classification {
  const values = scoresOf(config, logits);
  const scores = likeliest(values, values.length).map((id) => ({
    label: config.id2label[id]!,
    score: values[id]!,
  }));
  return { ...scores[0]!, scores };
}

function scoresOf({ problemType, numLabels }: BertConfig, logits: ArrayLike<number>): number[] {
  if (problemType === 'regression') return Array.from(logits);
  if (problemType === 'multi_label_classification' || numLabels === 1) return sigmoid(logits);
  return softmax(logits);
}
