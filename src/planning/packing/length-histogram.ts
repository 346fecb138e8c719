import * as v from 'valibot';
import { checkedBy } from '../../../ipu-config/base/checked.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import { brief, parseJson } from '../../../ipu-config/base/json-text.js';
import squad from './squad.json' with { type: 'json' };
import wikipedia from './wikipedia.json' with { type: 'json' };

/** How many sequences there are of each length, in tokens. */
export interface LengthHistogram {
  /** Where they come from: a file, or a published statistic with its source. */
  readonly source: string;
  readonly counts: ReadonlyMap<number, number>;
}

const PUBLISHED = { squad, wikipedia } as const;

/** Data sets whose lengths are published. */
export const PUBLISHED_LENGTHS: readonly string[] = Object.keys(PUBLISHED);

/** The published lengths of a data set; undefined for other names. */
export function publishedLengths(name: string): LengthHistogram | undefined {
  if (!Object.hasOwn(PUBLISHED, name)) return undefined;
  const { what, source, counts } = PUBLISHED[name as keyof typeof PUBLISHED];
  return { source: `${what} (${source})`, counts: new Map(counts.map((count, at) => [at + 1, count])) };
}

const length = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const count = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const LISTED = v.array(v.union([length, v.tuple([length, count])]));
const KEYED = v.record(v.string(), count);
const FORMS =
  'Give one length a line, or `length,count`; or JSON: a list of lengths, of [length, count], or an object of counts by length.';

/**
 * Reads lengths of sequences: a line for each, or for each length with how many there are; or the same as JSON.
 * @param name how errors call the file
 * @throws InputError naming the line or field that is wrong
 */
export function parseLengths(text: string, name: string): LengthHistogram {
  const pairs = /^\s*[[{]/.test(text) ? ofJson(text, name) : ofLines(text, name);
  const counts = new Map<number, number>();
  let sequences = 0;
  for (const [tokens, times] of pairs) {
    counts.set(tokens, (counts.get(tokens) ?? 0) + times);
    sequences += times;
  }
  if (sequences === 0) throw new InputError(`${name} has no sequences. ${FORMS}`);
  if (!Number.isSafeInteger(sequences))
    throw new InputError(`${name} has more sequences than can be counted.`);
  return { source: name, counts };
}

type Pairs = readonly (readonly [length: number, count: number])[];

function ofJson(text: string, name: string): Pairs {
  const value = parseJson(name, text, InputError);
  if (Array.isArray(value)) {
    return checkedBy(LISTED, value, name, FORMS).map((item) => (typeof item === 'number' ? [item, 1] : item));
  }
  const keyed = Object.entries(checkedBy(KEYED, value, name, FORMS));
  return keyed.map(([tokens, times]) => [lengthOf(tokens, `${name}: the length`), times]);
}

function ofLines(text: string, name: string): Pairs {
  return text.split('\n').flatMap((line, at): Pairs => {
    const fields = line.trim().split(',');
    if (line.trim() === '' || (at === 0 && line.trim().toLowerCase() === 'length,count')) return [];
    const where = `${name}, line ${at + 1}:`;
    if (fields.length > 2) throw new InputError(`${where} ${brief(line.trim())} is no length. ${FORMS}`);
    const times = fields.length === 1 ? 1 : wholeOf(fields[1]!);
    if (times === undefined)
      throw new InputError(
        `${where} the count ${brief(fields[1]!.trim())} is no whole number from 0. ${FORMS}`,
      );
    return [[lengthOf(fields[0]!, where), times]];
  });
}

function lengthOf(text: string, where: string): number {
  const tokens = wholeOf(text);
  if (tokens !== undefined && tokens > 0) return tokens;
  throw new InputError(
    `${where} ${brief(text.trim())} is no length: a whole number of tokens from 1. ${FORMS}`,
  );
}

function wholeOf(text: string): number | undefined {
  const value = Number(text);
  return /^\s*\d+\s*$/.test(text) && Number.isSafeInteger(value) ? value : undefined;
}

/**
 * Refuses what no row can hold.
 * @param rowName how the user calls the length of a row
 * @throws InputError with how many sequences are too long
 */
export function checkLengths({ source, counts }: LengthHistogram, rowLength: number, rowName: string): void {
  const long = [...counts].filter(([tokens, times]) => tokens > rowLength && times > 0);
  if (long.length === 0) return;
  const sequences = long.reduce((sum, [, times]) => sum + times, 0);
  const longest = Math.max(...long.map(([tokens]) => tokens));
  throw new InputError(
    `${source}: ${sequences} ${sequences === 1 ? 'sequence is' : 'sequences are'} longer than a row of ${rowLength} tokens, the longest has ${longest}. ` +
      `Give ${rowName} ${longest} or more, or lengths of sequences that were cut.`,
  );
}
