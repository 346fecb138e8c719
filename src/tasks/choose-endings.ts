import { InputError } from '../../ipu-config/base/errors.js';
import { likeliest, softmax } from './likelihood.js';
import { runTask } from '../runs/run-task.js';
import type { Task, TaskContext, TaskInputs, TaskResult, TaskSession } from './task.js';
import { oneRow, outputOf } from './task-rows.js';

export interface ChoiceToMake {
  readonly prompt: string;
  /** Two at least. */
  readonly choices: readonly string[];
}

export interface Choice {
  /** Place of the best choice, from 0. */
  readonly choice: number;
  readonly text: string;
  readonly score: number;
  /** Of each choice, in the order given; they add up to 1. */
  readonly scores: readonly number[];
}

export interface ChooseOptions {
  /** Cut texts that are too long; refused when absent. */
  readonly truncate?: boolean;
}

/** Picks the choice that fits a prompt best, on a pipeline with a multiple-choice head. @throws as `runTask` */
export function chooseEndings<Input extends ChoiceToMake>(
  session: TaskSession,
  inputs: TaskInputs<Input>,
  options: ChooseOptions = {},
): AsyncGenerator<TaskResult<Input, Choice>, void, undefined> {
  return runTask<Input, Choice>(session, chooseTask(session, options), inputs);
}

/** The task of `chooseEndings`, without a pipeline to run on. */
export function chooseTask(context: TaskContext, options: ChooseOptions = {}): Task<ChoiceToMake, Choice> {
  const { tokenizer, maxLength } = context;
  return {
    rows: ({ prompt, choices }) => {
      if (choices.length < 2) {
        throw new InputError(
          `there ${choices.length === 1 ? 'is 1 choice' : 'are no choices'}: give two or more.`,
        );
      }
      return choices.map((choice) => oneRow(tokenizer, { prompt, choice }, { maxLength, ...options }));
    },
    result: ({ choices }, _rows, outputs): Choice => {
      const scores = softmax(outputs.map((output) => outputOf(output, 'logits').data[0]!));
      const choice = likeliest(scores, 1)[0]!;
      return { choice, text: choices[choice]!, score: scores[choice]!, scores };
    },
  };
}
