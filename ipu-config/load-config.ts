import { firstOfEach, type Warning, type WarningCode } from './base/warning.js';
import { ATTRIBUTE_NAMES, isAttributeName } from './attributes.js';
import { ConfigError } from './base/errors.js';
import { short } from './base/json-text.js';
import { IpuConfig } from './ipu-config.js';
import { parseJson } from './parse-json.js';
import { isPodType, unknownPod, valueForPod } from './pod-types.js';
import { listed, quoted, str } from './python-repr.js';
import {
  toPython,
  isDict,
  isList,
  isNumber,
  toNumber,
  typeName,
  type PythonDict,
  type PythonValue,
} from './python-value.js';
import { RENAMED_KEYS, RUN_SETTINGS, staleReason } from './stale-keys.js';
import { PROVENANCE_KEYS, TRANSFORMERS_KEYS } from './transformers-keys.js';

/** How an `ipu_config.json` is read. */
export interface LoadOptions {
  /** Refuse what the newest upstream refuses, instead of reading older files with warnings. */
  readonly strict?: boolean;
  /** Pod type to take from dictionaries of older files; their `default` when absent. */
  readonly pod?: string;
  /** How messages call the file. */
  readonly file?: string;
}

/** A configuration that was read, and what is to be said about it. */
export interface LoadedConfig {
  readonly config: IpuConfig;
  /** One sentence each, naming the key; also upstream's own warnings. */
  readonly warnings: readonly Warning[];
}

/**
 * Reads the text of an `ipu_config.json` of any age. Keys and forms that newest upstream no longer takes are read
 * with a warning that names the key; `strict` refuses them with upstream's error.
 * @throws ConfigError naming attribute, value and what would be right; JSON mistakes with line and column
 */
export function parseIpuConfig(text: string, options: LoadOptions = {}): LoadedConfig {
  const { value, warnings } = parseJson(text, options.file);
  const loaded = loadIpuConfig(value, options);
  return { config: loaded.config, warnings: [...firstOfEach(warnings), ...loaded.warnings] };
}

/** The same for a file that is parsed already; note that `JSON.parse` forgets whether 4 was written as 4.0. */
export function loadIpuConfig(given: unknown, options: LoadOptions = {}): LoadedConfig {
  const value = toPython(given);
  if (!isDict(value)) {
    throw new ConfigError(
      'TypeError',
      `${options.file ?? 'ipu_config.json'} must hold one JSON object with attributes, not a ${typeName(value)}.`,
    );
  }
  if (options.pod !== undefined && !isPodType(options.pod)) {
    const { type, message } = unknownPod(options.pod);
    throw new ConfigError(type, `${message}; without one, each value is its default.`);
  }
  if (options.strict) {
    const config = new IpuConfig(value);
    return { config, warnings: config.warnings };
  }
  const modern = new Modernizer(value, options.pod ?? null);
  const config = new IpuConfig(modern.values);
  return { config, warnings: firstOfEach([...modern.warnings, ...config.warnings]) };
}

/** Rewrites the attributes of an older file as the newest upstream spells them, and keeps count of what it did. */
class Modernizer {
  readonly values: Map<string, PythonValue>;
  readonly warnings: Warning[] = [];

  constructor(given: PythonDict, pod: string | null) {
    this.values = new Map(given);
    this.#rename();
    this.#resolvePods(pod);
    this.#dropZeroFactors();
    this.#repeatProportions();
    this.#dropStale();
  }

  /** Early names; and for one week of May 2023 the training attributes were called `training_…`. */
  #rename(): void {
    for (const [key, value] of [...this.values]) {
      const name = RENAMED_KEYS[key] ?? key.replace(/^training_/, '');
      if (name === key || !isAttributeName(name)) continue;
      this.values.delete(key);
      const isTaken = this.values.has(name);
      if (!isTaken) this.values.set(name, value);
      this.#warn(
        'renamed-key',
        key,
        isTaken ? `is ignored, because ${name} is given too` : `is read as ${name}`,
      );
    }
  }

  #resolvePods(pod: string | null): void {
    const before = this.warnings.length;
    for (const [key, value] of this.values) {
      if (!isAttributeName(key) || key.endsWith('parallelize_kwargs') || !isDict(value)) continue;
      if (value.size === 0 || ![...value.keys()].every((name) => /^(default|pod\d+)$/.test(name))) continue;
      const chosen = chosenForPod(key, value, pod);
      this.values.set(key, chosen);
      const which = pod === null ? 'the default' : `the one of ${pod}`;
      this.#warn(
        'pod-value',
        key,
        `has a value per pod type, as before version 0.7; taken is ${which}, ${quoted(chosen)}`,
      );
    }
    if (pod !== null && this.warnings.length === before) {
      const text = `No attribute has a value per pod type, so asking for ${pod} changes nothing.`;
      this.warnings.push({ code: 'pod-value', text });
    }
  }

  /** 0 meant "not serialized" before version 0.6.1. */
  #dropZeroFactors(): void {
    const key = 'embedding_serialization_factor';
    const value = this.values.get(key) ?? null;
    if (typeof value !== 'number' || value !== 0) return;
    this.values.set(key, 1);
    this.#warn('old-value', key, 'is 0, which meant "not serialized" before version 0.6.1; read as 1');
  }

  /** One element stood for all IPUs before version 0.6.1. */
  #repeatProportions(): void {
    for (const prefix of ['', 'inference_']) {
      const key = `${prefix}matmul_proportion`;
      const value = this.values.get(key) ?? null;
      const [only] = isList(value) ? value : [];
      if (!isList(value) || value.length !== 1 || only === undefined || this.#ipus(prefix) === 1) continue;
      this.values.set(key, only);
      this.#warn(
        'old-value',
        key,
        `has one element, which stood for every IPU before version 0.6.1; read as ${quoted(only)}`,
      );
    }
  }

  #ipus(prefix: string): number {
    const ipus = this.values.get(`${prefix}ipus_per_replica`) ?? null;
    if (isNumber(ipus) && toNumber(ipus) !== 0) return toNumber(ipus);
    const layers = this.values.get(`${prefix}layers_per_ipu`) ?? null;
    if (isList(layers) && layers.length > 0) return layers.length;
    return prefix === '' ? 1 : this.#ipus('');
  }

  #dropStale(): void {
    const unknown: [string, PythonValue][] = [];
    for (const [key, value] of [...this.values]) {
      if (isAttributeName(key) || PROVENANCE_KEYS.has(key) || STILL_ACCEPTED.has(key)) continue;
      if (TRANSFORMERS_KEYS.has(key)) {
        this.#warn('ignored-key', key, 'is a setting of the model, not of IPUs; it is ignored');
        continue;
      }
      const stale = staleReason(key);
      if (stale === undefined) unknown.push([key, value]);
      else this.#warn('ignored-key', key, `is ${stale}; it is ignored`);
      this.values.delete(key);
    }
    if (unknown.length === 0) return;
    throw new ConfigError(
      'IncompatibleIPUConfigError',
      `IPUConfig received unknown arguments:\n${listed(unknown, ([k, v]) => `  ${short(k)}=${str(v)}${likeliest(k)}`)}`,
    );
  }

  #warn(code: WarningCode, key: string, what: string): void {
    this.warnings.push({ code, text: `${short(key)} ${what}.` });
  }
}

/** @throws ConfigError that lists the pods that the dictionary has a value for */
function chosenForPod(key: string, dict: PythonDict, pod: string | null): PythonValue {
  try {
    return valueForPod(key, dict, pod);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const pods = [...dict.keys()].map(String);
    const names = short(pods.filter((name) => name !== 'default').join(', '));
    const other = pods.includes('default') ? ', or leave the pod out for the default' : '';
    throw new ConfigError(
      error.type,
      `${error.message}. It has values for ${names}: ask for one of these (--pod)${other}.`,
    );
  }
}

/** Old keys that upstream still takes, with a warning of its own. */
const STILL_ACCEPTED: ReadonlySet<string> = new Set([
  'sharded_execution_for_inference',
  'enable_half_first_order_momentum',
]);

/** " (did you mean …?)" when up to two letters are wrong, however words are joined; or which flag says it. */
function likeliest(key: string): string {
  const plain = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const flag = RUN_SETTINGS.find(([pattern]) => pattern.test(plain(key)))?.[1];
  if (flag !== undefined) return ` (this is no attribute of IPUs: give it as ${flag})`;
  const near = ATTRIBUTE_NAMES.find((name) => isNear(plain(name), plain(key)));
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}

/** No name is far longer than another that it is mistaken for. */
function isNear(a: string, b: string): boolean {
  return Math.abs(a.length - b.length) <= 2 && distance(a, b) <= 2;
}

/** Levenshtein distance. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1));
    }
    row = next;
  }
  return row[b.length] ?? 0;
}
