import { InputError } from '../../ipu-config/base/errors.js';
import { percent } from '../../ipu-config/base/format.js';
import { likeliest, softmax } from './likelihood.js';
import { TRUNCATE } from './options.js';
import type { TaskDefinition } from './task.js';
import { oneRow, outputOf } from './task-rows.js';

/** A beginning and what may follow it; the likeliest is chosen. */
export interface ChoiceToMake {
  readonly prompt: string;
  /** Two at least. */
  readonly choices: readonly string[];
}

/** The choice that fits best. */
export interface Choice {
  /** Place of the best choice, from 0. */
  readonly choice: number;
  readonly text: string;
  readonly score: number;
  /** Of each choice, in the order given; they add up to 1. */
  readonly scores: readonly number[];
}

/** Picks the choice that fits a prompt best. */
export const choose: TaskDefinition<ChoiceToMake, Choice, typeof TRUNCATE> = {
  name: 'choose',
  about: 'pick the choice that fits a prompt best, with a multiple-choice model',
  fields: {
    prompt: { kind: 'text', about: 'what the choices belong to' },
    choices: { kind: 'texts', flag: 'choice', about: 'two choices or more' },
  },
  options: TRUNCATE,
  head: () => 'multiple-choice',
  begin: ({ tokenizer, maxLength }, { truncate }) => ({
    rows: ({ prompt, choices }) => {
      if (choices.length < 2) {
        throw new InputError(
          `there ${choices.length === 1 ? 'is 1 choice' : 'are no choices'}: give two or more.`,
        );
      }
      return choices.map((choice) => oneRow(tokenizer, { prompt, choice }, { maxLength, truncate }));
    },
    result: ({ choices }, _rows, outputs) => {
      const scores = softmax(outputs.map((output) => outputOf(output, 'logits').data[0]!));
      const choice = likeliest(scores, 1)[0]!;
      return { choice, text: choices[choice]!, score: scores[choice]!, scores };
    },
  }),
  text: ({ choice, text, score }, _input, { strong, faint }) =>
    `${choice}: ${strong(text)} ${faint(percent(score))}`,
};
