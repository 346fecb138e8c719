import { randomUUID } from 'node:crypto';
import { copyFile, link, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { InputError } from '../../ipu-config/base/errors.js';
import { reason, systemCode } from '../../ipu-config/base/reason.js';
import { isCommitHash } from './model-reference.js';
import { LAYOUT_FILES, shardsOf, weightLayout } from '../weights/weight-layout.js';
import { SMALL_FILES } from './needed-files.js';

/**
 * The part of the hub's cache that holds one model, laid out as huggingface_hub does it, so that both use the same
 * files:
 *
 *     models--org--name/
 *       blobs/HASH                  contents, by their checksum; HASH.incomplete while they arrive
 *       snapshots/COMMIT/PATH       links to blobs
 *       refs/REVISION               the commit that a branch or tag was last seen at
 *       .no_exist/COMMIT/PATH       empty: the commit has no such file
 */
export class HubCache {
  readonly root: string;

  constructor(cacheDirectory: string, repo: string) {
    this.root = join(cacheDirectory, `models--${repo.replaceAll('/', '--')}`);
  }

  blob(hash: string): string {
    return join(this.root, 'blobs', hash);
  }

  snapshot(commit: string): string {
    return join(this.root, 'snapshots', commit);
  }

  /** The commit that a revision means as far as the cache knows. */
  async commitOf(revision: string): Promise<string | undefined> {
    if (isCommitHash(revision)) return revision;
    const text = await readFile(join(this.root, 'refs', ...revision.split('/')), 'utf8').catch(absent);
    const commit = text?.trim();
    return commit !== undefined && isCommitHash(commit) ? commit : undefined;
  }

  /** To be called when all files are there: a reference never names half a snapshot. */
  async setCommit(revision: string, commit: string): Promise<void> {
    if (isCommitHash(revision)) return;
    await this.#write(join(this.root, 'refs', ...revision.split('/')), commit);
  }

  async has(commit: string, path: string): Promise<boolean> {
    const found = await stat(join(this.snapshot(commit), path)).catch(absent);
    return found?.isFile() ?? false;
  }

  /** Remembers that a commit has no such file, so that nobody need ask again. */
  async setAbsent(commit: string, path: string): Promise<void> {
    await this.#write(join(this.root, '.no_exist', commit, path), '');
  }

  /** Makes a blob a file of a snapshot; both must be below the root. */
  async addFile(commit: string, path: string, hash: string): Promise<void> {
    const file = join(this.snapshot(commit), path);
    const blob = this.blob(hash);
    await mkdir(dirname(file), { recursive: true });
    const fresh = `${file}.${randomUUID()}`;
    await symlink(relative(dirname(file), blob), fresh)
      // Windows allows links only to developers, and some file systems have none.
      .catch(() => link(blob, fresh))
      .catch(() => copyFile(blob, fresh));
    await rename(fresh, file).catch((error: unknown) => cleanUp(fresh, error));
  }

  /**
   * What a snapshot lacks to be a model: config.json and weights with all shards.
   * @param settled whether the other files must be there too, or known not to exist: a snapshot that another program
   * made may lack what it had no use for
   */
  async missing(commit: string, settled: boolean): Promise<string[]> {
    const missing: string[] = [];
    for (const path of SMALL_FILES) {
      if (await this.has(commit, path)) continue;
      if (path !== 'config.json' && (!settled || (await this.#isAbsent(commit, path)))) continue;
      missing.push(path);
    }
    return [...missing, ...(await this.#missingWeights(commit))];
  }

  async #missingWeights(commit: string): Promise<string[]> {
    const there = new Set<string>();
    for (const name of LAYOUT_FILES) if (await this.has(commit, name)) there.add(name);
    const layout = weightLayout((path) => there.has(path));
    if (!layout) return ['the weights'];
    if (layout.kind === 'file') return [];
    const index = join(this.snapshot(commit), layout.path);
    const missing: string[] = [];
    for (const shard of shardsOf(index, await readFile(index, 'utf8'))) {
      if (!(await this.has(commit, shard))) missing.push(shard);
    }
    return missing;
  }

  async #isAbsent(commit: string, path: string): Promise<boolean> {
    return (await stat(join(this.root, '.no_exist', commit, path)).catch(absent)) !== undefined;
  }

  async #write(path: string, text: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true });
    const fresh = `${path}.${randomUUID()}`;
    await writeFile(fresh, text);
    await rename(fresh, path).catch((error: unknown) => cleanUp(fresh, error));
  }
}

/** Troubles with the disk, said so that one knows which directory they are about. */
export function cacheError(root: string, error: unknown): InputError {
  return new InputError(
    `cannot keep the model in the cache ${root}: ${reason(error)}. HF_HUB_CACHE names another directory.`,
    { cause: error },
  );
}

function absent(error: unknown): undefined {
  if (['ENOENT', 'ENOTDIR', 'EISDIR', 'ELOOP'].includes(systemCode(error) ?? '')) return undefined;
  throw error;
}

async function cleanUp(path: string, error: unknown): Promise<never> {
  await rm(path, { force: true });
  throw error;
}
