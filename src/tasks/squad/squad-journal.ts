import { closeSync, createReadStream, ftruncateSync, openSync, writeSync } from 'node:fs';
import { rename, stat } from 'node:fs/promises';
import * as v from 'valibot';
import { checkedBy, figureOrNull, whole } from '../../../ipu-config/base/checked.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import { unwritable } from '../../../ipu-config/base/files/output-file.js';
import { short } from '../../../ipu-config/base/json-text.js';
import { reason } from '../../../ipu-config/base/reason.js';
import type { AnsweredQuestion } from './evaluate-squad.js';
import type { SquadQuestion } from './squad-file.js';

/** What an evaluation's answers depend on: a run that goes on must have the same of each. */
export type RunSettings = Readonly<v.InferOutput<typeof SETTINGS>>;
const SETTINGS = v.record(v.string(), v.union([v.string(), v.number(), v.null()]));

const SPAN = {
  text: v.string(),
  start: whole,
  end: whole,
  probability: figureOrNull,
};
const ANSWERED: v.GenericSchema<unknown, AnsweredQuestion> = v.object({
  id: v.string(),
  answer: v.object({
    ...SPAN,
    nullScoreDifference: v.exactOptional(figureOrNull),
    nBest: v.array(v.object({ ...SPAN, startLogit: figureOrNull, endLogit: figureOrNull })),
  }),
});

/** An answer is some kilobytes. */
const MOST_LINE_BYTES = 1 << 22;
const START_OVER = 'Start over without --resume.';

/**
 * The answers of a run as JSON Lines, in the order of the questions, after one line of settings. Each line is
 * written before the next answer is asked for, so that a run that was broken off, within a line too, goes on after
 * its last whole line.
 */
export class SquadJournal {
  /** How many of the questions, counted from the first, were answered before. */
  readonly answered: number;
  readonly #path: string;
  readonly #file: number;

  /** Use `SquadJournal.open`. */
  constructor(path: string, file: number, answered: number) {
    this.#path = path;
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
    const { end, answered } = exists && resume ? await readBack(path, settings, questions) : NOTHING;
    try {
      if (exists && !resume) await rename(path, `${path}.previous`);
      const file = openSync(path, 'a');
      ftruncateSync(file, end);
      const journal = new SquadJournal(path, file, answered);
      if (end === 0) journal.#write(settings);
      return journal;
    } catch (error) {
      throw error instanceof InputError ? error : unwritable(path, error);
    }
  }

  /** @throws InputError when the disk is full, say: the run can be gone on with */
  add(answered: AnsweredQuestion): void {
    this.#write(answered);
  }

  close(): void {
    closeSync(this.#file);
  }

  #write(record: object): void {
    const bytes = Buffer.from(`${JSON.stringify(record)}\n`);
    try {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
    } catch (error) {
      throw unwritable(this.#path, error);
    }
  }
}

const NOTHING = { end: 0, answered: 0 };

/** Answers of the first `count` questions, one at a time, as they were added. */
export async function* readAnswers(path: string, count: number): AsyncGenerator<AnsweredQuestion> {
  let at = 0;
  for await (const { text } of wholeLines(path)) {
    if (at > count) return;
    if (at > 0) yield parseLine(path, at, text, ANSWERED);
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
    if (at === 0) refuseOther(path, settings, parseLine(path, at, text, SETTINGS));
    else {
      // A run may be gone on with for fewer questions than it has answered.
      const question = questions[at - 1];
      const { id } = parseLine(path, at, text, ANSWERED);
      if (question && id !== question.id) {
        throw new InputError(
          `${path}, line ${at + 1}: an answer to ${short(id)} stands where ${question.id} is the question. ` +
            START_OVER,
        );
      }
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
  const each = changed.map((name) => `${short(name)} was ${told(before[name])}, now ${told(now[name])}`);
  throw new InputError(
    `${path} is of a run that would give other answers: ${short(each.join('; '), 1000)}. Give the same options as before, or ` +
      'start over without --resume.',
  );
}

function told(value: RunSettings[string] | undefined): string {
  return value === undefined || value === null ? 'not set' : short(String(value));
}

function parseLine<S extends v.GenericSchema>(
  path: string,
  at: number,
  text: string,
  schema: S,
): v.InferOutput<S> {
  const name = `${path}, line ${at + 1}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new InputError(`${name}: damaged (${short(reason(error))}). ${START_OVER}`, { cause: error });
  }
  return checkedBy(schema, value, name, START_OVER);
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
    if (rest.length > MOST_LINE_BYTES) {
      throw new InputError(`${path}: a line is longer than ${MOST_LINE_BYTES} bytes: damaged. ${START_OVER}`);
    }
  }
}
