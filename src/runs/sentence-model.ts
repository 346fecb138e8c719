import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as v from 'valibot';
import { readJsonFile } from '../../ipu-config/base/files/read-json.js';
import { InputError } from '../../ipu-config/base/errors.js';
import { brief } from '../../ipu-config/base/json-text.js';
import { longestSequence } from '../models/model-config.js';
import { fitting } from '../tokenizer/tokenizer-files.js';
import type { Pooling } from '../tasks/embed.js';
import type { BertModel, Note } from './model.js';
import { tokenizerOf } from './model-tokenizer.js';

/** How a model of sentence-transformers makes one vector of a text, as the files of its directory say. */
interface SentenceModel {
  readonly pooling?: Pooling;
  readonly normalize?: boolean;
  /** Most pieces in a row. */
  readonly maxLength?: number;
  /** The file that says how to pool. */
  readonly file?: string;
}

const modulesSchema = v.array(v.object({ path: v.optional(v.string(), ''), type: v.string() }));
const lengthSchema = v.object({
  max_seq_length: v.optional(v.nullable(v.pipe(v.number(), v.integer(), v.minValue(1)))),
  do_lower_case: v.optional(v.nullable(v.boolean())),
});
const promptSchema = v.object({ default_prompt_name: v.optional(v.nullable(v.string())) });
const poolingSchema = v.looseObject({ pooling_mode: v.optional(v.nullable(v.string())) });

/** The modes that this program has, by their names in the file. */
const MODES: Readonly<Record<string, Pooling>> = {
  cls_token: 'cls',
  cls: 'cls',
  mean_tokens: 'mean',
  mean: 'mean',
};

/** Options of a task, and the length of its rows, after the files of the model were asked. */
export interface ModelChoices {
  readonly options: object;
  readonly maxLength?: number;
}

/**
 * Puts in what the model's files say of the options of a task that embeds, unless its pooling is given: then the
 * files are not asked.
 * @throws InputError that names what they say and is not known here
 */
export async function modelChoices(
  task: { readonly options?: object },
  given: { readonly pooling?: unknown; readonly normalize?: unknown },
  model: BertModel,
  onNote: Note = () => undefined,
): Promise<ModelChoices> {
  const isAsked = Object.hasOwn(task.options ?? {}, 'pooling') && given.pooling === undefined;
  if (!isAsked) return { options: given };
  const { pooling, normalize, maxLength, file } = await readSentenceModel(model);
  if (file !== undefined) {
    const scaled = normalize ? ', scaled to length 1' : '';
    onNote(`${model.name}: the pooling is ${pooling}${scaled}, as ${file} says; --pooling overrules it.`);
  }
  return {
    options: {
      ...given,
      ...(pooling === undefined ? {} : { pooling }),
      ...(normalize === undefined || given.normalize !== undefined ? {} : { normalize }),
    },
    ...(maxLength === undefined ? {} : { maxLength: Math.min(maxLength, longestSequence(model.config)) }),
  };
}

/**
 * Reads `modules.json`, the configuration of its pooling, `sentence_bert_config.json` and
 * `config_sentence_transformers.json`, as far as they are there.
 * @throws InputError that names what is not known here: a module, a pooling, a prompt
 */
async function readSentenceModel(model: BertModel): Promise<SentenceModel> {
  const { directory } = model;
  if (directory === undefined) return {};
  const modules = await readPart(join(directory, 'modules.json'), modulesSchema);
  const kinds = modules?.map(({ type, path }) => ({ kind: type.split('.').at(-1)!, type, path }));
  const unknown = kinds?.find(({ kind }) => !['Transformer', 'Pooling', 'Normalize'].includes(kind));
  if (unknown) throw refused(join(directory, 'modules.json'), `has the module ${brief(unknown.type)}`);
  const folder = kinds ? kinds.find(({ kind }) => kind === 'Pooling')?.path : '1_Pooling';
  const file = folder === undefined ? undefined : join(directory, folder, 'config.json');
  if (kinds && file !== undefined && !existsSync(file)) {
    throw new InputError(
      `${join(directory, 'modules.json')} names ${file}, which is not there. Fetch it too.`,
    );
  }
  const pooling = file === undefined ? undefined : await poolingIn(file);
  await refusePrompt(join(directory, 'config_sentence_transformers.json'));
  const maxLength = await readLength(join(directory, 'sentence_bert_config.json'), model);
  return {
    ...(pooling === undefined ? {} : { pooling, file: file! }),
    ...(kinds ? { normalize: kinds.some(({ kind }) => kind === 'Normalize') } : {}),
    ...(maxLength === undefined ? {} : { maxLength }),
  };
}

async function poolingIn(file: string): Promise<Pooling | undefined> {
  const said = await readPart(file, poolingSchema);
  if (!said) return undefined;
  const modes = Object.keys(said).flatMap((key) =>
    key.startsWith('pooling_mode_') && said[key] === true ? [key.slice('pooling_mode_'.length)] : [],
  );
  const wanted = typeof said.pooling_mode === 'string' ? [said.pooling_mode] : modes;
  const [mode = 'mean_tokens'] = wanted;
  const known = Object.hasOwn(MODES, mode) ? MODES[mode] : undefined;
  if (known && wanted.length <= 1) return known;
  throw refused(file, `pools by ${wanted.join(' and ')}`);
}

async function readLength(file: string, model: BertModel): Promise<number | undefined> {
  const said = await readPart(file, lengthSchema);
  if (said?.do_lower_case) {
    const tokenizer = await tokenizerOf(model);
    const keepsCase = tokenizer.tokenize('A').ids.join() !== tokenizer.tokenize('a').ids.join();
    if (keepsCase)
      throw refused(file, 'puts texts into lower case (do_lower_case), which the tokenizer does not');
  }
  return said?.max_seq_length ?? undefined;
}

async function refusePrompt(file: string): Promise<void> {
  const said = await readPart(file, promptSchema);
  const name = said?.default_prompt_name;
  if (name) throw refused(file, `puts the prompt ${brief(name)} before each text (default_prompt_name)`);
}

async function readPart<T extends v.GenericSchema>(
  file: string,
  schema: T,
): Promise<v.InferOutput<T> | undefined> {
  return existsSync(file) ? fitting(schema, await readJsonFile(file), file) : undefined;
}

function refused(file: string, what: string): InputError {
  return new InputError(
    `${file} ${what}, which is not known here. Give --pooling (the option "pooling") to go without what these files say.`,
  );
}
