import * as v from 'valibot';
import { InputError } from '../../ipu-config/base/errors.js';
import { short } from '../../ipu-config/base/json-text.js';

/** One option of a task. The type parameter is of its values, undefined among them where it has no default. */
export type OptionSpec<Value = unknown> = OptionKind & {
  /** What it is, and what leaving it out means where it has no default. */
  readonly about: string;
  readonly preset: Value;
  /** Listed after the options that all tasks have in common. */
  readonly last?: boolean;
};

type OptionKind =
  | { readonly kind: 'whole'; readonly least: number }
  | { readonly kind: 'number' }
  | { readonly kind: 'word'; readonly words: readonly string[] }
  | { readonly kind: 'flag' };

export type OptionSpecs = Readonly<Record<string, OptionSpec>>;

/** Every option with its value. */
export type OptionValues<Specs extends OptionSpecs> = {
  readonly [Name in keyof Specs]: Specs[Name] extends OptionSpec<infer Value> ? Value : never;
};

/** A whole number. */
export const whole = <Value extends number | undefined>(
  least: number,
  about: string,
  preset: Value,
  last = false,
): OptionSpec<number | Value> => ({ kind: 'whole', least, about, preset, last });

/** One of a few words. */
export const word = <Word extends string>(
  words: readonly Word[],
  about: string,
  preset: Word,
): OptionSpec<Word> => ({ kind: 'word', words, about, preset });

/** Cut texts that are too long: of tasks whose inputs are one row each. */
export const TRUNCATE: { readonly truncate: OptionSpec<boolean> } = {
  truncate: {
    ...{ kind: 'flag', preset: false, last: true },
    about: 'cut texts that are longer than a row; they are refused otherwise',
  },
};

/**
 * The options that were given, and the defaults of the others.
 * @throws InputError that names the option, its value and what it may be
 */
export function resolveOptions<Specs extends OptionSpecs>(
  { name, options }: { readonly name: string; readonly options: Specs },
  given: Partial<OptionValues<Specs>>,
): OptionValues<Specs> {
  const parsed = v.safeParse(optionsSchema(options), given);
  if (parsed.success) return parsed.output as OptionValues<Specs>;
  const [issue] = parsed.issues;
  const option = v.getDotPath(issue) ?? '';
  if (!Object.hasOwn(options, option)) {
    throw new InputError(
      `${name} has no option ${JSON.stringify(short(option))}: it has ${Object.keys(options).join(', ')}.`,
    );
  }
  throw new InputError(
    `the option ${option} of ${name} is ${short(issue.received)}: ${short(issue.message, 200)}`,
  );
}

/** The schema of a task's options as an object; missing ones get their defaults. */
export function optionsSchema(
  specs: OptionSpecs,
): v.GenericSchema<unknown, Readonly<Record<string, unknown>>> {
  const entries = Object.entries(specs).map(([name, spec]) => [
    name,
    v.optional(valueSchema(spec), spec.preset),
  ]);
  return v.strictObject(Object.fromEntries(entries) as Record<string, v.GenericSchema>);
}

function valueSchema(spec: OptionSpec): v.GenericSchema {
  switch (spec.kind) {
    case 'whole': {
      const { least } = spec;
      const isFit = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= least;
      return v.custom(isFit, `it must be a whole number of at least ${least}.`);
    }
    case 'number':
      return v.pipe(v.number('it must be a number.'), v.finite('it must be a number.'));
    case 'word':
      return v.picklist(spec.words, `it must be one of ${spec.words.join(', ')}.`);
    case 'flag':
      return v.boolean('it must be true or false.');
  }
}
