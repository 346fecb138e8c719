import { InputError } from '../../ipu-config/base/errors.js';
import { short } from '../../ipu-config/base/json-text.js';

/** A model on the Hugging Face hub: `org/name` at a branch, tag or commit. */
export interface ModelReference {
  /** `org/name`. */
  readonly repo: string;
  /** `main` when none was given. */
  readonly revision: string;
}

const PART = /^(?!.*(?:--|\.\.))[A-Za-z0-9_](?:[A-Za-z0-9._-]{0,94}[A-Za-z0-9_])?$/;
const REVISION = /^[\w.+-]+(?:\/[\w.+-]+)*$/;
const COMMIT = /^[0-9a-f]{40}$/;

/** Sites that are the hub, whatever HF_ENDPOINT says. */
const HUB_HOSTS = ['huggingface.co', 'www.huggingface.co', 'hf.co'];

/** Where addresses of the hub lead to other things. */
const NOT_MODELS: ReadonlySet<string> = new Set(['datasets', 'spaces', 'collections', 'api', 'docs']);

/**
 * Reads `org/name[@revision]`, with or without a slash at its end; `hf://org/name[@revision]`; and the address of a
 * model's page on the hub, or of a branch or file there.
 * @param endpoint the hub's address, when it is another than huggingface.co
 * @returns undefined when the text has another form, as paths do (`./x`, `/x/y`, `a/b/c`, a single word)
 * @throws InputError when it is a model's name, but no revision follows the `@`; for an address of another site or of
 *   no model
 */
export function parseModelReference(text: string, endpoint?: string): ModelReference | undefined {
  const named = /^https?:/i.test(text)
    ? nameInUrl(text, endpoint)
    : text.replace(/^hf:\/\/(?:models\/)?/, '');
  const at = named.indexOf('@');
  const repo = (at < 0 ? named : named.slice(0, at)).replace(/\/$/, '');
  const parts = repo.split('/');
  if (parts.length !== 2 || !parts.every((part) => PART.test(part) && !part.endsWith('.git'))) {
    if (named === text) return undefined;
    throw new InputError(`${short(text)} names no model of the hub: give ORG/NAME[@REVISION].`);
  }
  if (at < 0) return { repo, revision: 'main' };
  const revision = named.slice(at + 1);
  if (!isRevision(revision)) {
    throw new InputError(
      `the model ${short(text)}: "${short(revision)}" is no revision. After ${repo}@ comes a branch, a tag or a commit hash, ` +
        `for example ${repo}@main.`,
    );
  }
  return { repo, revision };
}

/** `org/name[@revision]` of an address such as https://huggingface.co/org/name/tree/revision. */
function nameInUrl(text: string, endpoint: string | undefined): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const hosts = [...HUB_HOSTS, ...(endpoint === undefined ? [] : [new URL(endpoint).host])];
  if (!url || !hosts.includes(url.host)) {
    throw new InputError(
      `${short(text)} is no address of the hub (${hosts.join(', ')}). --model takes a directory, or ORG/NAME[@REVISION] of the hub.`,
    );
  }
  const [org = '', name = '', kind, revision] = url.pathname
    .split('/')
    .filter(Boolean)
    .map(decodeURIComponent);
  const isRevisioned = kind !== undefined && ['tree', 'blob', 'resolve', 'commit'].includes(kind);
  if (NOT_MODELS.has(org)) return org;
  return `${org}/${name}${isRevisioned && revision !== undefined ? `@${revision}` : ''}`;
}

/** Models that had no organisation in their name, in the first years of the hub. */
const FIRST_NAMES: readonly (readonly [RegExp, string])[] = [
  [/^bert-(?:base|large)-/, 'google-bert'],
  [/^distilbert-/, 'distilbert'],
  [/^(?:distil)?roberta-|^xlm-roberta-/, 'FacebookAI'],
];

/** What to say to a single word that names no directory; undefined where it cannot be a model's name. */
export function wordHint(text: string): string | undefined {
  const [word = '', revision] = text.split('@');
  if (!PART.test(word)) return undefined;
  const org = FIRST_NAMES.find(([pattern]) => pattern.test(word))?.[1];
  if (org === undefined) return `If it is a model of the hub, give its whole name, ORG/${word}.`;
  const name = word === 'distilroberta-base' ? `distilbert/${word}` : `${org}/${word}`;
  return `The hub has that model as ${name}${revision === undefined ? '' : `@${revision}`}.`;
}

/** A full commit hash always means the same files, so it needs no question to the hub. */
export function isCommitHash(revision: string): boolean {
  return COMMIT.test(revision);
}

/** The revision becomes a path below refs/, so that it must not lead out of it. */
function isRevision(revision: string): boolean {
  const steps = revision.split('/');
  return revision.length <= 200 && REVISION.test(revision) && !steps.some((step) => /^\.+$/.test(step));
}
