import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  parseSquad,
  squadV1Result,
  squadV1Scores,
  squadV2Result,
  squadV2Scores,
  type QuestionScore,
  type SquadQuestion,
} from 'ipu-pipeline/tasks';
import { answerExact, answerF1, noAnswerF1, normalizeAnswer } from 'ipu-pipeline/internals';
import type { Report, Skip } from './report.js';

const FOLDER = 'golden/squad-metrics';
/** Sums of up to 10,570 doubles in one order: percentages agree to the last bits. */
const TOLERANCE = 1e-9;

type Values = Record<string, number>;
interface GoldenSet {
  readonly name: string;
  readonly result: Values;
  readonly rule?: string;
  readonly predictions?: Record<string, string>;
  readonly predictions_file?: string | null;
  readonly predictions_of?: string;
  readonly per_question?: Record<string, [number, number]>;
  readonly na_probs?: Record<string, number>;
  readonly na_prob_thresh?: number;
}
interface GoldenFile {
  readonly dataset: string;
  readonly script: string;
  readonly sets: readonly GoldenSet[];
}
interface Pair {
  prediction: string;
  truth: string;
  normalized_prediction: string;
  normalized_truth: string;
  v1_exact: number;
  v1_f1: number;
  v2_exact: number;
  v2_f1: number;
}

const FILES = ['v1.1-sample200.json', 'v1.1-full.json', 'v2.0-sample.json'];

export function missing(dir: string): string | undefined {
  return existsSync(join(dir, FOLDER)) ? undefined : `${FOLDER} is not there`;
}

export async function run(dir: string, report: Report, skip: Skip): Promise<void> {
  await Promise.resolve();
  const pairs = join(dir, FOLDER, 'metric-pairs.json');
  if (existsSync(pairs)) runPairs((readJson(pairs) as { pairs: Pair[] }).pairs, report);
  for (const name of FILES) {
    const path = join(dir, FOLDER, name);
    if (!existsSync(path)) continue;
    const file = readJson(path) as GoldenFile;
    const dataset = join(dir, file.dataset);
    if (!existsSync(dataset)) {
      skip(name, `${file.dataset} is not there`);
      continue;
    }
    const { questions, version } = parseSquad(readFileSync(dataset, 'utf8'), file.dataset);
    const expected = file.script.includes('2.0') ? '2.0' : '1.1';
    report(`${name} version`, version === expected ? undefined : `read as ${version}, expected ${expected}`);
    for (const set of file.sets) runSet(dir, name, file, set, questions, report, skip);
  }
}

function runSet(
  dir: string,
  file: string,
  { script, sets }: GoldenFile,
  set: GoldenSet,
  questions: readonly SquadQuestion[],
  report: Report,
  skip: Skip,
): void {
  const name = `${file} ${set.name}`;
  const source = sets.find((other) => other.name === set.predictions_of) ?? set;
  const predictions = predictionsOf(dir, source, questions);
  if (typeof predictions === 'string') {
    skip(name, predictions);
    return;
  }
  const isTwo = script.includes('2.0');
  const naProbs = set.na_probs ?? source.na_probs;
  const got = isTwo
    ? squadV2Result(questions, predictions, {
        ...(naProbs ? { noAnswerScores: new Map(Object.entries(naProbs)) } : {}),
        ...(set.na_prob_thresh === undefined ? {} : { noAnswerThreshold: set.na_prob_thresh }),
      })
    : squadV1Result(questions, predictions);
  report(name, differentValues({ ...got }, set.result));
  const perQuestion = set.per_question ?? source.per_question;
  if (!perQuestion) return;
  const scores = (isTwo ? squadV2Scores : squadV1Scores)(questions, predictions);
  report(`${name} per question`, differentScores(scores, perQuestion));
}

/** The predictions, or why they are not known. */
function predictionsOf(
  dir: string,
  set: GoldenSet,
  questions: readonly SquadQuestion[],
): Map<string, string> | string {
  if (set.predictions) return new Map(Object.entries(set.predictions));
  if (typeof set.predictions_file === 'string') {
    const path = join(dir, set.predictions_file);
    if (!existsSync(path)) return `${set.predictions_file} is not there`;
    return new Map(Object.entries(readJson(path) as Record<string, string>));
  }
  const rule = RULES[set.name];
  if (!rule) return `the rule of ${set.name} is not known here: ${set.rule}`;
  return new Map(questions.map((question) => [question.id, rule(question)]));
}

const RULES: Readonly<Record<string, (question: SquadQuestion) => string>> = {
  perfect_first: ({ answers }) => answers[0]!,
  perfect_last: ({ answers }) => answers.at(-1)!,
  empty: () => '',
  first_answer_uppercase_with_article: ({ answers }) => `The ${answers[0]!.toUpperCase()}.`,
  first_40_characters_of_context: ({ context }) => context.slice(0, 40),
};

function differentValues(got: Values, expected: Values): string | undefined {
  for (const key of new Set([...Object.keys(got), ...Object.keys(expected)])) {
    const [a, b] = [got[key] ?? NaN, expected[key] ?? NaN];
    if (!(Math.abs(a - b) <= TOLERANCE)) return `${key} is ${a}, expected ${b}`;
  }
  return undefined;
}

function differentScores(
  got: ReadonlyMap<string, QuestionScore>,
  expected: Record<string, [number, number]>,
): string | undefined {
  const wanted = Object.entries(expected);
  if (got.size !== wanted.length) return `${got.size} questions are scored, expected ${wanted.length}`;
  for (const [id, [exact, f1]] of wanted) {
    const found = got.get(id);
    if (found?.exact !== exact || Math.abs(found.f1 - f1) > TOLERANCE) {
      return `${id} is ${JSON.stringify(found)}, expected ${exact}, ${f1}`;
    }
  }
  return undefined;
}

function runPairs(pairs: readonly Pair[], report: Report): void {
  pairs.forEach((pair, at) => {
    const { prediction, truth } = pair;
    const exact = answerExact(prediction, truth);
    const got: Record<string, string | number> = {
      normalized_prediction: normalizeAnswer(prediction),
      normalized_truth: normalizeAnswer(truth),
      ...{ v1_exact: exact, v2_exact: exact },
      ...{ v1_f1: answerF1(prediction, truth), v2_f1: noAnswerF1(prediction, truth) },
    };
    const wrong = Object.entries(got).find(([key, value]) => {
      const wanted = pair[key as keyof Pair];
      return typeof value === 'number' ? Math.abs(value - Number(wanted)) > TOLERANCE : value !== wanted;
    });
    const error =
      wrong &&
      `${wrong[0]} is ${JSON.stringify(wrong[1])}, expected ${JSON.stringify(pair[wrong[0] as keyof Pair])}`;
    report(`metric-pairs ${at} ${JSON.stringify(prediction)} / ${JSON.stringify(truth)}`, error);
  });
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, 'utf8'));
}
