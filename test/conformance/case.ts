import { parseJson, type JsonValue, type PythonDict, type PythonValue } from 'ipu-pipeline/config';
import { toPython, fromPython } from 'ipu-pipeline/internals';

/** One case of a conformance file, with numbers as they were written (4 apart from 4.0). */
export interface Case {
  readonly name: string;
  readonly kind: string;
  readonly input: PythonDict;
  /** Undefined when an error is expected. */
  readonly expected: PythonValue | undefined;
  readonly error: ExpectedError | undefined;
}

export interface ExpectedError {
  readonly type: string;
  readonly message: string | undefined;
  /** A regular expression as Python writes it, to be found in the message. */
  readonly match: string | undefined;
  /** The lines of the message may come in any order. */
  readonly unorderedLines: boolean;
}

/** @throws Error when the text is not a list of cases */
export function readCases(text: string): readonly Case[] {
  const list = parseJson(text, 'the file of cases').value;
  if (!Array.isArray(list)) throw new Error('The file must hold a list of cases.');
  return (list as readonly PythonValue[]).map((entry, i) => {
    if (!(entry instanceof Map)) throw new Error(`Case ${i} is not an object.`);
    const fields = entry as PythonDict;
    const name = fields.get('name');
    const kind = fields.get('kind');
    const input = fields.get('input');
    if (typeof name !== 'string' || typeof kind !== 'string' || !(input instanceof Map)) {
      throw new Error(`Case ${i} needs a name, a kind and an input.`);
    }
    const error = fields.get('error');
    if (!(error instanceof Map) && !fields.has('expected')) {
      throw new Error(`Case ${i} (${name}) has neither expected nor error.`);
    }
    return {
      name,
      kind,
      input: input as PythonDict,
      expected: fields.get('expected'),
      error: error instanceof Map ? readError(error as PythonDict) : undefined,
    };
  });
}

function readError(fields: PythonDict): ExpectedError {
  const text = (key: string): string | undefined => {
    const value = fields.get(key);
    return typeof value === 'string' ? value : undefined;
  };
  return {
    type: text('type') ?? 'none given',
    message: text('message'),
    match: text('match'),
    unorderedLines: fields.get('unordered_lines') === true,
  };
}

/** The fields of a case's input; reading one marks it, so that none can be overlooked. */
export class Input {
  readonly #fields: PythonDict;
  readonly #read = new Set<string>();

  constructor(fields: PythonDict) {
    this.#fields = fields;
  }

  has(key: string): boolean {
    return this.#fields.has(key);
  }

  value(key: string): PythonValue {
    this.#read.add(key);
    return this.#fields.get(key) ?? null;
  }

  json(key: string): JsonValue {
    return fromPython(this.value(key));
  }

  /** @throws Error when the field is missing or of another type: then the case is of a form not known here */
  number(key: string): number {
    const value = this.json(key);
    if (typeof value !== 'number') throw new Error(`input.${key} should be a number`);
    return value;
  }

  optionalNumber(key: string): number | null {
    return this.value(key) === null ? null : this.number(key);
  }

  text(key: string): string {
    const value = this.value(key);
    if (typeof value !== 'string') throw new Error(`input.${key} should be text`);
    return value;
  }

  dict(key: string): PythonDict {
    const value = this.value(key);
    if (!(value instanceof Map)) throw new Error(`input.${key} should be an object`);
    return value as PythonDict;
  }

  texts(key: string): readonly string[] {
    const value = this.json(key);
    if (!Array.isArray(value)) throw new Error(`input.${key} should be a list`);
    return value.map(String);
  }

  numbers(key: string): readonly number[] {
    const value = this.json(key);
    if (!Array.isArray(value)) throw new Error(`input.${key} should be a list`);
    return value.map(Number);
  }

  unread(): readonly string[] {
    return [...this.#fields.keys()].filter((key) => !this.#read.has(key));
  }
}

/** Puts the input of a case to the front door; what is expected only tells the form of the answer. */
export type Kind = (input: Input, expected: PythonValue | undefined) => PythonValue;

export const dict = (fields: Record<string, unknown>): PythonValue => toPython(fields);
