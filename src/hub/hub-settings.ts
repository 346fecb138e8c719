import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { InputError } from '../../ipu-config/base/errors.js';
import { reason, systemCode } from '../../ipu-config/base/reason.js';

/** Environment variables, as `process.env` gives them. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** How to reach the hub, and where to keep what comes from it. */
export interface HubSettings {
  /** Without a slash at its end, for example `https://huggingface.co`. */
  readonly endpoint: string;
  readonly cacheDirectory: string;
  /** Nothing is asked, only the cache is read. */
  readonly offline: boolean;
  /** The longest silence of a server in the middle of a file that is waited for. */
  readonly timeoutMs: number;
  /** The longest time that a question to the hub may take. */
  readonly askTimeoutMs: number;
  readonly token: HubToken | undefined;
}

/** A secret and where it was found; only the latter is ever printed. */
export interface HubToken {
  readonly value: string;
  readonly source: string;
}

const HUB = 'https://huggingface.co';

/** Node's timers hold no more than 2³¹ ms. */
const MAX_TIMEOUT_S = 2_000_000;

/**
 * Reads the variables that huggingface_hub reads, in its order.
 * @throws InputError for a value that cannot mean anything
 */
export async function hubSettings(env: Environment = process.env): Promise<HubSettings> {
  const home = hubHome(env);
  const cache = given(env, 'HF_HUB_CACHE') ?? given(env, 'HUGGINGFACE_HUB_CACHE');
  return {
    endpoint: endpointOf(given(env, 'HF_ENDPOINT') ?? HUB),
    cacheDirectory: cache === undefined ? join(home, 'hub') : expanded(cache, env),
    offline: isSet(env, 'HF_HUB_OFFLINE') || isSet(env, 'TRANSFORMERS_OFFLINE'),
    timeoutMs: timeoutOf(env, 'HF_HUB_DOWNLOAD_TIMEOUT', 60),
    askTimeoutMs: timeoutOf(env, 'HF_HUB_ETAG_TIMEOUT', 10),
    token: await tokenOf(env, home),
  };
}

function hubHome(env: Environment): string {
  const home = given(env, 'HF_HOME');
  if (home !== undefined) return expanded(home, env);
  const cache = given(env, 'XDG_CACHE_HOME');
  return join(cache === undefined ? join(homedir(), '.cache') : expanded(cache, env), 'huggingface');
}

function endpointOf(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !['http:', 'https:'].includes(url.protocol) || url.search || url.hash || url.username) {
    const shown = url?.username ? '(an address with a user name)' : JSON.stringify(text);
    throw new InputError(
      `HF_ENDPOINT is ${shown}: it must be the http or https address of a hub, such as ${HUB}, without user name, ` +
        'query and fragment.',
    );
  }
  return url.href.replace(/\/+$/, '');
}

function timeoutOf(env: Environment, name: string, defaultSeconds: number): number {
  const text = given(env, name);
  const seconds = text === undefined ? defaultSeconds : Number(text);
  if (!(seconds > 0 && seconds <= MAX_TIMEOUT_S)) {
    throw new InputError(
      `${name} is ${JSON.stringify(text)}: it must be a number of seconds above 0 and up to ` +
        `${MAX_TIMEOUT_S}.`,
    );
  }
  return seconds * 1000;
}

async function tokenOf(env: Environment, home: string): Promise<HubToken | undefined> {
  if (isSet(env, 'HF_HUB_DISABLE_IMPLICIT_TOKEN')) return undefined;
  for (const name of ['HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN']) {
    const value = given(env, name);
    if (value !== undefined) return checkedToken(value, name);
  }
  const named = given(env, 'HF_TOKEN_PATH');
  const path = named === undefined ? join(home, 'token') : expanded(named, env);
  const text = await readFile(path, 'utf8').catch((error: unknown) => {
    if (['ENOENT', 'ENOTDIR'].includes(systemCode(error) ?? '')) return '';
    throw new InputError(`cannot read the hub's token from ${path}: ${reason(error)}.`, { cause: error });
  });
  const value = text.trim();
  return value === '' ? undefined : checkedToken(value, path);
}

function checkedToken(value: string, source: string): HubToken {
  if (/^[\x21-\x7e]+$/.test(value)) return { value, source };
  throw new InputError(
    `the hub's token in ${source} has spaces or characters that no token has. Copy it again from ` +
      `${HUB}/settings/tokens.`,
  );
}

/** An empty variable counts as none. */
function given(env: Environment, name: string): string | undefined {
  return env[name]?.trim() || undefined;
}

function isSet(env: Environment, name: string): boolean {
  return /^(?:1|on|yes|true)$/i.test(given(env, name) ?? '');
}

/** As huggingface_hub: `~` at the beginning, and `$NAME` or `${NAME}` of variables that are set. */
function expanded(path: string, env: Environment): string {
  const known = path.replace(
    /\$(?:(\w+)|\{([^}]*)\})/g,
    (whole, word?: string, braced?: string) => env[word ?? braced ?? ''] ?? whole,
  );
  return known === '~' || known.startsWith('~/') ? join(homedir(), known.slice(1)) : known;
}
