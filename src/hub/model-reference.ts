import { InputError } from '../../ipu-config/base/errors.js';

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

/**
 * Reads `org/name[@revision]`.
 * @returns undefined when the text has another form, as paths do (`./x`, `/x/y`, `a/b/c`, a single word)
 * @throws InputError when it is a model's name, but no revision follows the `@`
 */
export function parseModelReference(text: string): ModelReference | undefined {
  const at = text.indexOf('@');
  const repo = at < 0 ? text : text.slice(0, at);
  const parts = repo.split('/');
  if (parts.length !== 2 || !parts.every((part) => PART.test(part) && !part.endsWith('.git')))
    return undefined;
  if (at < 0) return { repo, revision: 'main' };
  const revision = text.slice(at + 1);
  if (!isRevision(revision)) {
    throw new InputError(
      `the model ${text}: "${revision}" is no revision. After ${repo}@ comes a branch, a tag or a commit hash, ` +
        `for example ${repo}@main.`,
    );
  }
  return { repo, revision };
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
