import { InputError } from '../../../ipu-config/base/errors.js';
import type { Tokenizer } from '../../tokenizer/base/tokenizer.js';
import { answer, questionWindows } from '../answer.js';
import type { Answer } from '../answer-spans.js';
import type { TaskResult } from '../task.js';
import type { SquadQuestion } from './squad-file.js';

export interface AnsweredQuestion {
  readonly id: string;
  readonly answer: Answer;
}

/**
 * The task `answer` for questions that nobody can mend: empty texts are run as all others, which is how upstream
 * counts them.
 */
export const SQUAD_TASK: typeof answer = {
  ...answer,
  begin: (context, options) => ({
    ...answer.begin(context, options),
    rows: (input) => {
      const { tokenizer, maxLength } = context;
      const { docStride = Math.floor(maxLength / 3) } = options;
      return questionWindows(tokenizer, input, { maxLength, docStride });
    },
  }),
};

/**
 * Rows of one question with the windows of its paragraph.
 * @throws InputError that names the question, when it leaves no room
 */
export function countWindows(
  tokenizer: Tokenizer,
  question: SquadQuestion,
  lengths: { readonly maxLength: number; readonly docStride: number },
): number {
  try {
    return questionWindows(tokenizer, question, lengths).length;
  } catch (error) {
    throw named(question, error);
  }
}

/** What is needed of a session with the task `answer`. */
export interface AnsweringSession {
  stream(questions: Iterable<SquadQuestion>): AsyncIterable<TaskResult<SquadQuestion, Answer>>;
}

/**
 * Answers questions in their order, none of which may be left out.
 * @throws InputError that names the question which cannot be run; what `Session.stream` throws
 */
export async function* answerSquad(
  session: AnsweringSession,
  questions: Iterable<SquadQuestion>,
): AsyncGenerator<AnsweredQuestion, void, undefined> {
  for await (const result of session.stream(questions)) {
    if ('error' in result) throw named(result.input as SquadQuestion, result.error);
    yield { id: result.input.id, answer: result.output };
  }
}

function named({ id }: SquadQuestion, error: unknown): unknown {
  return error instanceof InputError
    ? new InputError(`question ${id}: ${error.message}`, { cause: error })
    : error;
}
