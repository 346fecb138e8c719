import * as v from 'valibot';
import { ConfigError, InputError } from '../../../ipu-config/base/errors.js';
import { parsePythonJson, short } from '../../../ipu-config/base/json-text.js';
import { parseJson } from '../../../ipu-config/parse-json.js';

const PARAGRAPH = v.object({
  context: v.string(),
  qas: v.array(
    v.object({
      id: v.string(),
      question: v.string(),
      answers: v.array(v.object({ text: v.string() })),
    }),
  ),
});

/** What is read of a file; other keys, such as titles and places of answers, are passed over. */
const SQUAD_FILE = v.object({
  version: v.optional(v.nullable(v.union([v.string(), v.number()]))),
  data: v.array(v.object({ paragraphs: v.array(PARAGRAPH) })),
});
type SquadFileContent = v.InferOutput<typeof SQUAD_FILE>;

/** One question of a SQuAD file with the paragraph that it is asked of. */
export interface SquadQuestion {
  readonly id: string;
  readonly question: string;
  readonly context: string;
  /** Texts that people gave as answer, as they stand in the file; none where SQuAD 2 says there is no answer. */
  readonly answers: readonly string[];
}

export type SquadVersion = '1.1' | '2.0';

export interface SquadDataset {
  /** Which of the two official scripts measures it: 2.0 where a question has no answer or the file says so. */
  readonly version: SquadVersion;
  /** In the order of the file. */
  readonly questions: readonly SquadQuestion[];
}

/**
 * Reads the text of a SQuAD v1.1 or v2.0 file.
 * @param name of the file, for messages
 * @throws InputError for bad JSON (with its line and column), a part that is missing or of the wrong type (with its
 *   place), an id that occurs twice, or a file without questions
 */
export function parseSquad(text: string, name: string): SquadDataset {
  const parsed = v.safeParse(SQUAD_FILE, jsonOf(text, name));
  if (!parsed.success) throw notSquad(name, parsed.issues[0]);
  const questions = questionsOf(parsed.output);
  if (questions.length === 0) {
    throw new InputError(`${name} holds no question: give a SQuAD file with at least one.`);
  }
  refuseRepeated(questions, name);
  return { version: versionOf(parsed.output, questions), questions };
}

function questionsOf({ data }: SquadFileContent): SquadQuestion[] {
  return data.flatMap(({ paragraphs }) =>
    paragraphs.flatMap(({ context, qas }) =>
      qas.map(({ id, question, answers }) => ({
        ...{ id, question, context },
        answers: answers.map((answer) => answer.text),
      })),
    ),
  );
}

function versionOf({ version }: SquadFileContent, questions: readonly SquadQuestion[]): SquadVersion {
  const saysTwo = /^v?2/.test(String(version ?? ''));
  return saysTwo || questions.some(({ answers }) => answers.length === 0) ? '2.0' : '1.1';
}

function refuseRepeated(questions: readonly SquadQuestion[], name: string): void {
  const seen = new Set<string>();
  for (const { id } of questions) {
    if (seen.has(id)) {
      throw new InputError(
        `${name}: two questions have the id ${JSON.stringify(short(id))}: give each its own.`,
      );
    }
    seen.add(id);
  }
}

function jsonOf(text: string, name: string): unknown {
  const clean = text.replace(/^\ufeff/, '');
  try {
    return parsePythonJson(clean);
  } catch (error) {
    throw new InputError(mistakeIn(clean, name, error), { cause: error });
  }
}

/** The slower parser knows the line and column of a mistake. */
function mistakeIn(text: string, name: string, error: unknown): string {
  try {
    parseJson(text, name);
  } catch (located) {
    if (located instanceof ConfigError) return located.message;
  }
  return `${name} is not valid JSON: ${(error as Error).message}.`;
}

function notSquad(name: string, issue: v.BaseIssue<unknown>): InputError {
  const place = short(v.getDotPath(issue) ?? 'the whole');
  return new InputError(
    `${name} is no SQuAD file: at ${place}, expected ${issue.expected ?? 'another value'}, found ${short(issue.received)}. ` +
      'A SQuAD file is {"data": [{"paragraphs": [{"context", "qas": [{"id", "question", "answers": [{"text"}]}]}]}]}.',
  );
}
