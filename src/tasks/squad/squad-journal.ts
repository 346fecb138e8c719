import { closeSync, createReadStream, ftruncateSync, openSync, writeSync } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { AnsweredQuestion } from './evaluate-squad.js';
import type { SquadQuestion } from './squad-file.js';

/** What an evaluation's answers depend on: a run that goes on must have the same of each. */
export type RunSettings = Readonly<Record<string, string | number | null>>;

/**
 * The answers of a run as JSON Lines, in the order of the questions, after one line of settings. Each line is
 * written before the next answer is asked for, so that a run that was broken off, within a line too, goes on after
 * its last whole line.
 */
export class SquadJournal {
  /** How many of the questions, counted from the first, were answered before. */
  readonly answered: number;
  readonly #file: number;

  /** Use `SquadJournal.open`. */
  constructor(file: number, answered: number) {
    this.#file = file;
    this.answered = answered;
  }

  /**
   * Begins a run, or goes on with the one in `path` when `resume` is set; without a file there it begins. A journal
   * that is there and not gone on with is kept as `path.previous`.
   * @throws InputError when the run in `path` had other settings or questions, or the file is damaged
   */
  static async open(
    path: string,
    settings: RunSettings,
    questions: readonly SquadQuestion[],
    resume: boolean,
  ): Promise<SquadJournal> {
    const exists = await stat(path).then(
      () => true,
      () => false,
    );
    if (exists && !resume) await rename(path, `${path}.previous`);
    const { end, answered } = exists && resume ? await readBack(path, settings, questions) : NOTHING;
    const file = openSync(path, 'a');
    ftruncateSync(file, end);
    if (end === 0) writeSync(file, `${JSON.stringify(settings)}\n`);
    return new SquadJournal(file, answered);
  }

  add(answered: AnsweredQuestion): void {
    writeSync(this.#file, `${JSON.stringify(answered)}\n`);
  }

  close(): void {
    closeSync(this.#file);
  }
}

const NOTHING = { end: 0, answered: 0 };

/** Answers of the first `count` questions, one at a time, as they were added. */
export async function* readAnswers(path: string, count: number): AsyncGenerator<AnsweredQuestion> {
  let at = 0;
  for await (const { text } of wholeLines(path)) {
    if (at > count) return;
    if (at > 0) yield parseLine(path, at, text) as AnsweredQuestion;
    at++;
  }
}

/** Bytes that hold whole lines, and how many answers those are. */
async function readBack(
  path: string,
  settings: RunSettings,
  questions: readonly SquadQuestion[],
): Promise<typeof NOTHING> {
  let at = 0;
  let last = 0;
  for await (const { text, end } of wholeLines(path)) {
    const value = parseLine(path, at, text);
    if (at === 0) refuseOther(path, settings, value as RunSettings);
    // A run may be gone on with for fewer questions than it has answered.
    const question = questions[at - 1];
    const { id } = value as Partial<AnsweredQuestion>;
    if (question && id !== question.id) {
      throw new InputError(
        `${path}, line ${at + 1}: an answer to ${id} stands where ${question.id} is the question. Start over ` +
          'without --resume.',
      );
    }
    last = end;
    at++;
  }
  return { end: last, answered: Math.max(0, at - 1) };
}

function refuseOther(path: string, now: RunSettings, before: RunSettings): void {
  const names = [...new Set([...Object.keys(before), ...Object.keys(now)])];
  const changed = names.filter((name) => before[name] !== now[name]);
  if (changed.length === 0) return;
  const each = changed.map(
    (name) => `${name} was ${before[name] ?? 'not set'}, now ${now[name] ?? 'not set'}`,
  );
  throw new InputError(
    `${path} is of a run that would give other answers: ${each.join('; ')}. Give the same options as before, or ` +
      'start over without --resume.',
  );
}

function parseLine(path: string, at: number, text: string): object {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Told below, as any other line that is none of ours.
  }
  throw new InputError(`${path}, line ${at + 1}: damaged. Start over without --resume.`);
}

/** Lines that a newline ends, with the place after it in bytes. */
async function* wholeLines(path: string): AsyncGenerator<{ text: string; end: number }> {
  let rest: Buffer = Buffer.alloc(0);
  let end = 0;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let from = 0;
    for (let to = rest.indexOf(10); to >= 0; to = rest.indexOf(10, from)) {
      const text = rest.toString('utf8', from, to);
      end += to + 1 - from;
      from = to + 1;
      yield { text, end };
    }
    rest = rest.subarray(from);
  }
}
