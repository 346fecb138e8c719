import * as v from 'valibot';

/** One key of an input: `optional` texts may be missing, null or empty. */
export interface Field {
  readonly kind: 'text' | 'optional' | 'texts';
  readonly about: string;
  /** On the command line; the key itself when absent. */
  readonly flag?: string;
  /** Of any length: the command line also takes a file of it. */
  readonly long?: boolean;
}

export type Fields<Input> = Readonly<Record<string, Field>> & { readonly [Name in keyof Input]-?: Field };

const text = v.string('it must be a string.');
const SCHEMAS = {
  text,
  optional: v.exactOptional(v.nullable(text)),
  texts: v.array(text, 'it must be a list of strings.'),
} as const satisfies Record<Field['kind'], unknown>;

/**
 * The schema of a task's inputs. Where nothing but a text is needed, a string is as good as an object.
 * @param subject what messages call an input
 */
export function inputSchema<Input extends object>(
  { fields }: { readonly fields: Fields<Input> },
  subject = 'an input',
): v.GenericSchema<unknown, Input> {
  const entries = Object.entries(fields);
  const isText = takesText(fields);
  const schemas = Object.fromEntries(entries.map(([name, { kind }]) => [name, SCHEMAS[kind]]));
  const object = v.object(
    schemas,
    `${subject} must be ${shapeOf(entries)}${isText ? ', or a JSON string' : ''}.`,
  );
  const orText = v.transform((value: unknown) => (typeof value === 'string' ? { text: value } : value));
  const schema = isText ? v.pipe(v.unknown(), orText, object) : object;
  return schema as unknown as v.GenericSchema<unknown, Input>;
}

/** Nothing but a text is needed. */
export function takesText(fields: Readonly<Record<string, Field>>): boolean {
  return Object.entries(fields).every(([name, { kind }]) => name === 'text' || kind === 'optional');
}

function shapeOf(entries: readonly [string, Field][]): string {
  const keys = entries.map(([name, { kind }]) => `"${name}": ${kind === 'texts' ? '[ … ]' : '…'}`);
  const optional = entries.filter(([, { kind }]) => kind === 'optional').map(([name]) => name);
  return `{${keys.join(', ')}}${optional.map((name) => ` (the ${name} may be missing)`).join('')}`;
}
