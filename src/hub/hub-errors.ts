import { InputError } from '../../ipu-config/base/errors.js';
import { brief } from '../../ipu-config/base/json-text.js';
import type { HubSettings } from './hub-settings.js';
import type { ModelReference } from './model-reference.js';

/** A server's answer that is no success. Internal: users get the InputError that `explain` makes of it. */
export class HubStatusError extends Error {
  override readonly name = 'HubStatusError';
  readonly status: number;
  /** What the hub calls the trouble, such as `GatedRepo`; absent from other servers. */
  readonly code: string | undefined;
  /** What the hub says of it in words, if it does. */
  readonly said: string | undefined;
  /** Whether the hub itself said so, and not a server that it sent us to. */
  readonly fromHub: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(response: Response, url: URL, fromHub: boolean) {
    super(`${url.origin} answered ${response.status}${response.statusText ? ` ${response.statusText}` : ''}`);
    this.status = response.status;
    this.code = response.headers.get('x-error-code') ?? undefined;
    this.said = response.headers.get('x-error-message') ?? undefined;
    this.fromHub = fromHub;
    const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
    this.retryAfterMs = seconds >= 0 ? seconds * 1000 : undefined;
  }
}

/** No answer: no connection, a broken one, or silence for too long. */
export class HubUnreachableError extends Error {
  override readonly name = 'HubUnreachableError';
}

/** Whether asking again may help. */
export function isTransient(error: unknown): boolean {
  if (error instanceof HubStatusError) return error.status >= 500 || [408, 425, 429].includes(error.status);
  return error instanceof HubUnreachableError;
}

/** fetch hides the reason in a chain of causes, the last of which says most. */
export function networkReason(error: unknown): string {
  let last: unknown = error;
  while (last instanceof Error && last.cause instanceof Error) last = last.cause;
  if (last instanceof AggregateError && last.errors.length > 0) return networkReason(last.errors[0]);
  if (!(last instanceof Error)) return String(last);
  const code = 'code' in last && typeof last.code === 'string' ? last.code : undefined;
  return last.message || code || last.name;
}

/**
 * Says what a refusal means and what to do about it.
 * @param file what was asked for; absent when it was the model itself
 */
export function explain(
  error: HubStatusError,
  { repo, revision }: ModelReference,
  { endpoint, token }: HubSettings,
  file?: string,
): InputError {
  const page = `${endpoint}/${repo}`;
  const what = file === undefined ? repo : `${file} of ${repo}`;
  const said = error.said === undefined || !error.fromHub ? '' : ` The hub says: ${brief(error.said, 300)}.`;
  const say = (message: string): InputError => new InputError(`${message}${said}`, { cause: error });
  if (!error.fromHub) {
    return say(
      `cannot download ${what}: ${error.message}, where ${endpoint} keeps the file. Try again later.`,
    );
  }
  if (error.code === 'GatedRepo') {
    return say(
      `${repo} is gated: ${endpoint} gives it only to those who accepted its conditions. Accept them at ${page}, ` +
        (token
          ? `with the account that the token in ${token.source} belongs to.`
          : 'then set HF_TOKEN to a token of that account.'),
    );
  }
  if (error.code === 'RevisionNotFound') {
    return say(
      `${repo} has no revision "${revision}" at ${endpoint}. Its branches and tags are at ${page}/tree/main.`,
    );
  }
  if (error.code === 'EntryNotFound') {
    return say(`${endpoint} has no ${what} at revision "${revision}", though it lists it. Try again later.`);
  }
  if (error.status === 404 || error.code === 'RepoNotFound') return say(noSuchModel(repo, endpoint, token));
  if (error.status === 401) {
    return say(
      token
        ? `${endpoint} refuses the token in ${token.source} for ${what}: it is misspelt, has expired, or its account ` +
            `may not read the model. Make a new one at ${endpoint}/settings/tokens.`
        : noSuchModel(repo, endpoint, token),
    );
  }
  if (error.status === 403) {
    return say(
      `${endpoint} forbids to read ${what}. ` +
        (token
          ? `Perhaps the token in ${token.source} lacks the right to read it: see ${page}.`
          : `Perhaps it needs an account that may: see ${page}, and set HF_TOKEN to a token of yours.`),
    );
  }
  return say(`cannot download ${what}: ${error.message}. Try again later.`);
}

/** The hub gives the same answer for private models as for those that are not there. */
function noSuchModel(repo: string, endpoint: string, token: HubSettings['token']): string {
  return (
    `there is no directory ${repo}, and ${endpoint} has no model of that name (or it is private). Check the ` +
    'spelling: --model takes a directory with config.json, vocab.txt and the weights, or ORG/NAME[@REVISION] of ' +
    'the hub. For a private model, ' +
    (token
      ? `the account of the token in ${token.source} must have access to it.`
      : 'set HF_TOKEN to your token.')
  );
}
