import * as v from 'valibot';
import { InputError } from '../../../ipu-config/base/errors.js';
import { brief, parseJson } from '../../../ipu-config/base/json-text.js';
import { SYSTEM_NAMES } from '../../hardware/hardware-specs.js';
import { headsFor, type Head, type ModelShape } from '../../hardware/model-shape.js';
import { PUBLISHED_MODELS, publishedModel } from '../../hardware/published-models.js';
import { MODEL_SHAPE } from '../../hardware/run-schema.js';
import { SCHEDULES } from '../../../pipeline/schedules/registry.js';
import { givenAttributes } from '../../planning/plan-config.js';
import { LOCKSTEP, withConfigText, type Setup } from './setup.js';

/** Rises when a link of before would mean something else. */
const VERSION = '1';
/** A link carries one configuration; longer ones come from elsewhere. */
const MOST_CHARACTERS = 65_536;

const KEYS = [
  ...(['v', 'model', 'head', 'system', 'mode', 'seq-len', 'micro-batch', 'schedule', 'chunks'] as const),
  ...(['name', 'config'] as const),
];

/** A setup as the part of an address behind its `#`. `setupFromLink` is the inverse. */
export function linkOf(setup: Setup): string {
  const { model, config } = setup;
  const { head, ...sizes } = model;
  const values: Record<(typeof KEYS)[number], string | number> = {
    v: VERSION,
    model: isPublished(model) ? model.name : sorted(sizes),
    head,
    system: setup.system,
    mode: setup.mode,
    'seq-len': setup.sequenceLength,
    'micro-batch': setup.microBatch,
    schedule: setup.schedule,
    chunks: setup.chunks,
    name: setup.name,
    config: JSON.stringify(givenAttributes(config)),
  };
  const link = new URLSearchParams();
  for (const key of KEYS) link.set(key, `${values[key]}`);
  return link.toString();
}

/** One text for the same sizes, whatever order they were read in. */
function sorted(sizes: object): string {
  return JSON.stringify(Object.fromEntries(Object.entries(sizes).sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** @throws IpuPipelineError that names what of the link is wrong or missing */
export function setupFromLink(link: string): Setup {
  const read = valuesOf(link);
  const one = <T extends string>(key: string, choices: readonly T[]): T => {
    const value = read(key);
    const found = choices.find((choice) => choice === value);
    if (found !== undefined) return found;
    throw new InputError(`The link's ${key} is ${brief(value)}; it must be one of ${choices.join(', ')}.`);
  };
  const count = (key: string): number => {
    const value = read(key);
    if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
    throw new InputError(`The link's ${key} is ${brief(value)}; it must be a whole number from 1.`);
  };
  const shape = modelOf(read('model'));
  const model = { ...shape, head: one<Head>('head', headsFor(shape)) };
  return {
    model,
    system: one('system', SYSTEM_NAMES),
    mode: one('mode', ['training', 'inference']),
    sequenceLength: count('seq-len'),
    microBatch: count('micro-batch'),
    schedule: one('schedule', [LOCKSTEP, ...SCHEDULES.map(({ name }) => name)]),
    chunks: count('chunks'),
    ...withConfigText(read('config'), read('name')),
  };
}

/** Each key once, and no other. */
function valuesOf(link: string): (key: string) => string {
  if (link.length > MOST_CHARACTERS) {
    throw new InputError(`The link has ${link.length} characters; the page takes ${MOST_CHARACTERS}.`);
  }
  const given = new URLSearchParams(link);
  const version = given.get('v');
  if (version !== VERSION) {
    throw new InputError(
      version === null
        ? 'The link says no version (v): it is no setup of this page.'
        : `The link is of version ${brief(version)}, and this page reads version ${VERSION}: open it with the ipu-pipeline that made it.`,
    );
  }
  for (const key of given.keys()) {
    if (!(KEYS as readonly string[]).includes(key)) {
      throw new InputError(`The link has ${brief(key)}, which is nothing that this page knows.`);
    }
    if (given.getAll(key).length > 1) throw new InputError(`The link says its ${key} more than once.`);
  }
  return (key) => {
    const value = given.get(key);
    if (value !== null) return value;
    throw new InputError(`The link lacks ${key}: it has been cut, or is of another program.`);
  };
}

function modelOf(text: string): ModelShape {
  if (!text.startsWith('{')) {
    const found = PUBLISHED_MODELS.includes(text) ? publishedModel(text) : undefined;
    if (found) return found;
    throw new InputError(`The link's model is ${brief(text)}; published are ${PUBLISHED_MODELS.join(', ')}.`);
  }
  const sizes = parseJson("The link's model", text, InputError) as object;
  const parsed = v.safeParse(MODEL_SHAPE, { ...sizes, head: 'none' });
  if (parsed.success) return parsed.output;
  const [{ message, path }] = parsed.issues;
  const field = path?.map(({ key }) => String(key)).join('.') ?? 'model';
  throw new InputError(`The link's model has a wrong ${field}: ${message}.`);
}

function isPublished({ head: _, ...sizes }: ModelShape): boolean {
  const published = PUBLISHED_MODELS.includes(sizes.name) ? publishedModel(sizes.name) : undefined;
  if (published === undefined) return false;
  return Object.entries({ ...published, head: undefined }).every(
    ([key, value]) => (sizes as Readonly<Record<string, unknown>>)[key] === value,
  );
}
