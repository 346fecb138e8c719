import type { Command } from 'commander';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { Field } from '../../tasks/fields.js';
import type { OptionSpec, OptionSpecs, OptionValues } from '../../tasks/options.js';
import { finiteNumber, oneOf, wholeNumber } from '../flags/options.js';
import { textOrFile } from './text-or-file.js';
import { readText } from '../../../ipu-config/base/files/read-text.js';

type Flags = Readonly<Record<string, unknown>>;
type Fields = Readonly<Record<string, Field>>;

/** A flag for each key of a task's input. */
export function addFields(command: Command, fields: Fields): void {
  for (const [name, { kind, about, flag = name, long }] of Object.entries(fields)) {
    command.option(`--${flag} <text${kind === 'texts' ? '...' : ''}${long ? '-or-file' : ''}>`, about);
    if (long) command.option(`--${flag}-file <file>`, `a file of it, never the text itself`);
  }
}

/** A flag for each option of a task. */
export function addOptions(command: Command, specs: OptionSpecs): void {
  for (const [name, spec] of Object.entries(specs)) {
    const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    if (spec.kind === 'flag') command.option(flag, spec.about);
    else command.option(`${flag} <${VALUES[spec.kind]}>`, spec.about, parserOf(spec), spec.preset);
  }
}

const VALUES = { whole: 'n', number: 'x', word: 'how' } as const;

function parserOf(spec: OptionSpec & { readonly kind: keyof typeof VALUES }): (text: string) => unknown {
  switch (spec.kind) {
    case 'whole':
      return wholeNumber(spec.least);
    case 'number':
      return finiteNumber;
    case 'word':
      return oneOf(...spec.words);
  }
}

/** The options of a task that flags give. */
export function optionsOf<Specs extends OptionSpecs>(
  specs: Specs,
  flags: object,
): Partial<OptionValues<Specs>> {
  const given = Object.entries(flags).filter(([name]) => Object.hasOwn(specs, name));
  return Object.fromEntries(given) as Partial<OptionValues<Specs>>;
}

/** The one input that flags give; undefined when they give none. @throws InputError when they give a part of it */
export async function inputOf(fields: Fields, flags: Flags): Promise<object | undefined> {
  const given: Record<string, unknown> = {};
  const missing: string[] = [];
  for (const [name, { kind, flag = name, long }] of Object.entries(fields)) {
    const value = long ? await longText(flags, flag) : flags[flag];
    if (value !== undefined) given[name] = value;
    else if (kind === 'texts') given[name] = [];
    else if (kind === 'text') missing.push(flag);
  }
  if (missing.length === 0) return given;
  const required = Object.values(fields).filter(({ kind }) => kind === 'text');
  if (missing.length === required.length) return undefined;
  throw new InputError(`--${missing[0]} is missing: give both.`);
}

async function longText(flags: Flags, flag: string): Promise<string | undefined> {
  const [text, file] = [flags[flag], flags[`${flag}File`]] as (string | undefined)[];
  if (text !== undefined && file !== undefined) {
    throw new InputError(`give either --${flag} or --${flag}-file, not both.`);
  }
  return file === undefined ? text && textOrFile(text, flag) : readText(file);
}

/** What the flags for one input are called, for messages. */
export function namesOf(fields: Fields): string {
  const flags = Object.entries(fields).map(([name, { kind, flag = name }]) =>
    kind === 'optional' ? ` (and --${flag})` : `--${flag}`,
  );
  return flags.reduce((names, flag) => (flag.startsWith(' ') ? names + flag : `${names} and ${flag}`));
}
