import { InputError } from '../../../ipu-config/base/errors.js';
import { answerExact, answerF1, normalizeAnswer, noAnswerF1 } from './answer-match.js';
import type { SquadQuestion } from './squad-file.js';

/** Predicted text by question id; SQuAD 2's "no answer" is the empty text. */
export type Predictions = ReadonlyMap<string, string>;

/** Of one question, 0 to 1. */
export interface QuestionScore {
  readonly exact: number;
  readonly f1: number;
}

/** What evaluate-v1.1.py prints, in percent. */
export interface SquadV1Result {
  readonly exact_match: number;
  readonly f1: number;
}

/** What evaluate-v2.0.py prints, in percent; parts about questions that the file lacks are absent. */
export interface SquadV2Result {
  readonly exact: number;
  readonly f1: number;
  readonly total: number;
  readonly HasAns_exact?: number;
  readonly HasAns_f1?: number;
  readonly HasAns_total?: number;
  readonly NoAns_exact?: number;
  readonly NoAns_f1?: number;
  readonly NoAns_total?: number;
  readonly best_exact?: number;
  readonly best_exact_thresh?: number;
  readonly best_f1?: number;
  readonly best_f1_thresh?: number;
}

export interface SquadV2Options {
  /** By question id: how sure it is that there is no answer. With it come the best thresholds. */
  readonly noAnswerScores?: ReadonlyMap<string, number>;
  /** A question whose score exceeds this is taken as unanswered; 1 when absent, as in the script. */
  readonly noAnswerThreshold?: number;
}

/**
 * Scores of each question that has a prediction, as evaluate-v1.1.py (the official script of SQuAD 1.1) gives them.
 * @throws InputError for a question without answers, which SQuAD 1.1 does not have
 */
export function squadV1Scores(
  questions: readonly SquadQuestion[],
  predictions: Predictions,
): Map<string, QuestionScore> {
  return scores(
    questions,
    predictions,
    ({ id, answers }) => {
      if (answers.length > 0) return answers;
      throw new InputError(`question ${id} has no answers: measure this file as SQuAD 2.0.`);
    },
    answerF1,
  );
}

/** A question without a prediction counts as wrong. @throws InputError as `squadV1Scores`, or without questions */
export function squadV1Result(questions: readonly SquadQuestion[], predictions: Predictions): SquadV1Result {
  refuseEmpty(questions);
  const found = squadV1Scores(questions, predictions);
  const { exact, f1 } = sums(found.values());
  return { exact_match: (100 * exact) / questions.length, f1: (100 * f1) / questions.length };
}

/**
 * Scores of each question that has a prediction, before any threshold, as evaluate-v2.0.py (the official script of
 * SQuAD 2.0) gives them.
 */
export function squadV2Scores(
  questions: readonly SquadQuestion[],
  predictions: Predictions,
): Map<string, QuestionScore> {
  return scores(questions, predictions, truthsOrNone, noAnswerF1);
}

/** A truth that is nothing but articles and punctuation is none; without any, only the empty text is right. */
function truthsOrNone({ answers }: SquadQuestion): readonly string[] {
  const truths = answers.filter((text) => normalizeAnswer(text) !== '');
  return truths.length > 0 ? truths : [''];
}

/**
 * The whole of evaluate-v2.0.py.
 * @throws InputError without questions, or for a question without a prediction or, where they are given, without a
 *   no-answer score: the script stops there too
 */
export function squadV2Result(
  questions: readonly SquadQuestion[],
  predictions: Predictions,
  { noAnswerScores, noAnswerThreshold = 1 }: SquadV2Options = {},
): SquadV2Result {
  refuseEmpty(questions);
  refuseMissing(questions, predictions, 'prediction');
  if (noAnswerScores) refuseMissing(questions, noAnswerScores, 'no-answer score');
  const raw = squadV2Scores(questions, predictions);
  const taken = questions.map((question) => {
    const { id } = question;
    const isNone = (noAnswerScores?.get(id) ?? 0) > noAnswerThreshold;
    const right = hasAnswer(question) ? 0 : 1;
    return { question, score: isNone ? { exact: right, f1: right } : raw.get(id)! };
  });
  const partOf = (part: typeof taken): Part => partResult(part.map(({ score }) => score));
  const answered = taken.filter(({ question }) => hasAnswer(question));
  const unanswered = taken.filter(({ question }) => !hasAnswer(question));
  return {
    ...partOf(taken),
    ...(answered.length > 0 ? prefixed('HasAns', partOf(answered)) : {}),
    ...(unanswered.length > 0 ? prefixed('NoAns', partOf(unanswered)) : {}),
    ...(noAnswerScores ? bestThresholds(questions, predictions, raw, noAnswerScores) : {}),
  };
}

function hasAnswer({ answers }: SquadQuestion): boolean {
  return answers.length > 0;
}

interface Part {
  readonly exact: number;
  readonly f1: number;
  readonly total: number;
}

function partResult(scored: readonly QuestionScore[]): Part {
  const { exact, f1 } = sums(scored);
  const total = scored.length;
  return { exact: (100 * exact) / total, f1: (100 * f1) / total, total };
}

function prefixed<Name extends 'HasAns' | 'NoAns'>(
  name: Name,
  part: Part,
): Record<`${Name}_${keyof Part}`, number> {
  return Object.fromEntries(Object.entries(part).map(([key, value]) => [`${name}_${key}`, value])) as Record<
    `${Name}_${keyof Part}`,
    number
  >;
}

type BestThresholds = Required<
  Pick<SquadV2Result, 'best_exact' | 'best_exact_thresh' | 'best_f1' | 'best_f1_thresh'>
>;

function bestThresholds(
  questions: readonly SquadQuestion[],
  predictions: Predictions,
  raw: ReadonlyMap<string, QuestionScore>,
  noAnswerScores: ReadonlyMap<string, number>,
): BestThresholds {
  const byId = new Map(questions.map((question) => [question.id, question]));
  const entries = [...noAnswerScores].filter(([id]) => byId.has(id)).sort(([, a], [, b]) => a - b);
  const best = (of: (score: QuestionScore) => number): { score: number; threshold: number } => {
    // Beginning with no question answered, questions are answered one by one, the surest first.
    let current = questions.filter((question) => !hasAnswer(question)).length;
    let found = { score: current, threshold: 0 };
    for (const [id, threshold] of entries) {
      if (hasAnswer(byId.get(id)!)) current += of(raw.get(id)!);
      else if (predictions.get(id) !== '') current -= 1;
      if (current > found.score) found = { score: current, threshold };
    }
    return { score: (100 * found.score) / raw.size, threshold: found.threshold };
  };
  const exact = best((score) => score.exact);
  const f1 = best((score) => score.f1);
  return {
    ...{ best_exact: exact.score, best_exact_thresh: exact.threshold },
    ...{ best_f1: f1.score, best_f1_thresh: f1.threshold },
  };
}

function scores(
  questions: readonly SquadQuestion[],
  predictions: Predictions,
  truthsOf: (question: SquadQuestion) => readonly string[],
  f1Of: (prediction: string, truth: string) => number,
): Map<string, QuestionScore> {
  const found = new Map<string, QuestionScore>();
  for (const question of questions) {
    const prediction = predictions.get(question.id);
    if (prediction === undefined) continue;
    const truths = truthsOf(question);
    const exact = Math.max(...truths.map((truth) => answerExact(prediction, truth)));
    found.set(question.id, { exact, f1: Math.max(...truths.map((truth) => f1Of(prediction, truth))) });
  }
  return found;
}

/** Added one after another in the order of the file, as the scripts add. */
function sums(scored: Iterable<QuestionScore>): QuestionScore {
  let [exact, f1] = [0, 0];
  for (const one of scored) {
    exact += one.exact;
    f1 += one.f1;
  }
  return { exact, f1 };
}

function refuseEmpty(questions: readonly SquadQuestion[]): void {
  if (questions.length === 0) throw new InputError('there is no question to measure: give at least one.');
}

function refuseMissing(
  questions: readonly SquadQuestion[],
  given: ReadonlyMap<string, unknown>,
  what: string,
): void {
  const missing = questions.filter(({ id }) => !given.has(id)).map(({ id }) => id);
  if (missing.length === 0) return;
  const some = `${missing.slice(0, 3).join(', ')}${missing.length > 3 ? ', …' : ''}`;
  throw new InputError(
    `${missing.length} of ${questions.length} questions have no ${what} (${some}): SQuAD 2.0 needs one for each.`,
  );
}
