import * as v from 'valibot';
import { InputError } from './errors.js';
import { brief, short } from './json-text.js';
import type { Warning } from './warning.js';

/** What a schema gives, for those who only read it. */
export type Frozen<T> = T extends readonly (infer Item)[]
  ? readonly Frozen<Item>[]
  : T extends object
    ? { readonly [Key in keyof T]: Frozen<T[Key]> }
    : T;

/** A whole number of things, places or nanoseconds, from 0 to what is exact. */
export const whole = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
/** An amount that has been worked out: no NaN, no infinity. */
export const finite = v.pipe(v.number(), v.finite());
/** A figure of a result. JSON writes null for what is no number, such as a share of nothing. */
export const figureOrNull = v.pipe(
  v.nullable(v.number()),
  v.transform((value) => value ?? NaN),
);

/** Older versions wrote texts alone. */
export const savedWarning = v.pipe(
  v.union([v.string(), v.object({ code: v.string(), text: v.string() })]),
  v.transform(
    (warning) => (typeof warning === 'string' ? { code: 'text', text: warning } : warning) as Warning,
  ),
);

/** Checks of which valibot says no more than that they failed. */
const WORDS: Readonly<Record<string, string>> = {
  integer: 'a whole number',
  safe_integer: 'a whole number',
  finite: 'a finite number',
};

/**
 * A value that a file or a user gave, as its schema says it is.
 * @param name how messages call the whole
 * @param advice what to do when it is wrong, as a sentence
 * @throws InputError with the first wrong field, what it is and what it must be
 */
export function checkedBy<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  name: string,
  advice?: string,
): v.InferOutput<S> {
  const parsed = v.safeParse(schema, value, { abortEarly: true });
  if (parsed.success) return parsed.output;
  const [issue] = parsed.issues;
  const wanted = WORDS[issue.type] ?? issue.expected ?? issue.message;
  const must =
    issue.input === undefined
      ? ''
      : `; it must be ${/length$/.test(issue.type) ? 'of length ' : ''}${short(wanted, 200)}`;
  const place = short(v.getDotPath(issue) ?? 'the whole');
  throw new InputError(
    `${name}: ${place} is ${brief(issue.input)}${must}.${advice === undefined ? '' : ` ${advice}`}`,
  );
}

/** What an issue of a schema says, and where; of what came from outside the beginnings alone. */
export function shortIssue(issue: v.BaseIssue<unknown>): { place: string | undefined; text: string } {
  const place = v.getDotPath(issue);
  return {
    place: place === null ? undefined : short(place),
    text: issue.message.replaceAll(issue.received, () => short(issue.received)),
  };
}
