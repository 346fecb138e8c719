import { mkdir, readFile, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { IpuPipelineError, InputError } from '../../ipu-config/base/errors.js';
import { bytes as inUnits } from '../../ipu-config/base/format.js';
import { short } from '../../ipu-config/base/json-text.js';
import { systemCode } from '../../ipu-config/base/reason.js';
import { otherFormsAmong } from '../weights/other-forms.js';
import { WEIGHT_FILES, shardsOf, weightLayout } from '../weights/weight-layout.js';
import { downloadBlob } from './download-blob.js';
import { HubCache, cacheError } from './hub-cache.js';
import { HubClient } from './hub-client.js';
import { HubStatusError, HubUnreachableError, explain, isTransient } from './hub-errors.js';
import { currentCommit, listModel, type HubFile, type ModelListing } from './hub-listing.js';
import { hubSettings, type Environment, type HubSettings } from './hub-settings.js';
import type { ModelReference } from './model-reference.js';
import { isCommitHash } from './model-reference.js';
import type { Fetch } from './proxy.js';
import { isWeights, MAX_SMALL_BYTES, SMALL_FILES } from './needed-files.js';

/** How far a download has come; bytes of files that the cache had already count as done. */
export interface DownloadProgress {
  /** `org/name`. */
  readonly repo: string;
  /** The file that is on its way. */
  readonly file: string;
  readonly doneBytes: number;
  readonly totalBytes: number;
}

export interface DownloadOptions {
  /** Where the hub's variables are looked up; `process.env` when absent. */
  readonly env?: Environment;
  /** Ends the download; what has arrived stays and is gone on with next time. */
  readonly signal?: AbortSignal;
  readonly onDownload?: (progress: DownloadProgress) => void;
  /** Told when the cache is used because the hub cannot be reached; `process.emitWarning` when absent. */
  readonly onWarning?: (message: string) => void;
  /** The wait before the first repetition of a failed request, 500 ms when absent; it doubles from then on. */
  readonly retryDelayMs?: number;
}

/** A model of the hub in the cache. */
export interface DownloadedModel {
  readonly directory: string;
  readonly commit: string;
}

/**
 * Brings the files of a model that this project reads into the hub's cache: those that are missing are downloaded.
 * A full commit hash that is cached needs no network; for a branch or tag the hub is asked what it means now. When
 * the hub is out of reach, or `HF_HUB_OFFLINE` is set, what the cache has is used.
 * @throws InputError that says which of name, revision, rights, network or cache is wrong; the signal's reason
 */
export async function downloadModel(
  reference: ModelReference,
  options: DownloadOptions = {},
): Promise<DownloadedModel> {
  const settings = await hubSettings(options.env);
  const cache = new HubCache(settings.cacheDirectory, reference.repo);
  try {
    const known = await cache.commitOf(reference.revision);
    if (known !== undefined && isCommitHash(reference.revision) && (await isSettled(cache, known))) {
      return { directory: cache.snapshot(known), commit: known };
    }
    if (settings.offline) return await offlineModel(reference, cache, known);
    const client = await HubClient.open(settings, options.env ?? process.env, options.signal);
    try {
      return await new ModelDownload(reference, client, cache, options).run(known);
    } finally {
      await client.close();
    }
  } catch (error) {
    const isOurs = error instanceof IpuPipelineError || (options.signal?.aborted ?? false);
    if (isOurs || systemCode(error) === undefined) throw error;
    throw cacheError(cache.root, error);
  }
}

async function isSettled(cache: HubCache, commit: string): Promise<boolean> {
  return (await cache.missing(commit, true)).length === 0;
}

async function offlineModel(
  { repo, revision }: ModelReference,
  cache: HubCache,
  commit: string | undefined,
): Promise<DownloadedModel> {
  const missing = commit === undefined ? ['everything'] : await cache.missing(commit, false);
  if (commit !== undefined && missing.length === 0) return { directory: cache.snapshot(commit), commit };
  throw new InputError(
    `there is no directory ${repo}, and HF_HUB_OFFLINE forbids to ask the hub for ${repo}@${revision}: the cache ` +
      `${cache.root} lacks ${missing.join(', ')}. Unset HF_HUB_OFFLINE once to download it.`,
  );
}

class ModelDownload {
  readonly #reference: ModelReference;
  readonly #client: HubClient;
  readonly #cache: HubCache;
  readonly #options: DownloadOptions;
  readonly #retryDelayMs: number;

  constructor(reference: ModelReference, client: HubClient, cache: HubCache, options: DownloadOptions) {
    this.#reference = reference;
    this.#client = client;
    this.#cache = cache;
    this.#options = options;
    this.#retryDelayMs = options.retryDelayMs ?? 500;
  }

  async run(known: string | undefined): Promise<DownloadedModel> {
    const { revision } = this.#reference;
    let commit: string;
    let listing: ModelListing | undefined;
    try {
      commit = isCommitHash(revision)
        ? revision
        : await this.#ask((fetch) => currentCommit(this.#client, fetch, this.#reference));
      if (!(await isSettled(this.#cache, commit))) {
        listing = await this.#ask((fetch) => listModel(this.#client, fetch, this.#reference.repo, commit));
      }
    } catch (error) {
      return this.#cachedInstead(error, known);
    }
    if (listing) await this.#fetchAll(commit, listing);
    // A cache that has it all may be read-only.
    if (commit !== known) await this.#cache.setCommit(revision, commit);
    return { directory: this.#cache.snapshot(commit), commit };
  }

  #ask<T>(call: (fetch: Fetch) => Promise<T>): Promise<T> {
    return this.#client.ask(this.#reference.repo, this.#retryDelayMs, call);
  }

  /** What an earlier run left serves when nobody says that it must not. */
  async #cachedInstead(error: unknown, known: string | undefined): Promise<DownloadedModel> {
    const { repo, revision } = this.#reference;
    if (isTransient(error) && known !== undefined && (await this.#cache.missing(known, false)).length === 0) {
      const warn = this.#options.onWarning ?? ((message) => process.emitWarning(message));
      warn(
        `cannot ask ${this.#client.settings.endpoint} for ${repo}@${revision} (${(error as Error).message}): using ` +
          `commit ${known} from the cache, which may not be the newest.`,
      );
      return { directory: this.#cache.snapshot(known), commit: known };
    }
    throw this.#explained(error);
  }

  #explained(error: unknown, file?: string): unknown {
    const settings: HubSettings = this.#client.settings;
    if (error instanceof HubStatusError) return explain(error, this.#reference, settings, file);
    if (!(error instanceof HubUnreachableError)) return error;
    const { repo } = this.#reference;
    return new InputError(
      `there is no directory ${repo}, and ${settings.endpoint} cannot be reached to download a model of that name: ` +
        `${error.message}. Check the network, HF_ENDPOINT and HTTPS_PROXY; the cache ${this.#cache.root} does not ` +
        'have it either.',
      { cause: error },
    );
  }

  /** Weights come last, so that a snapshot with weights has everything else. */
  async #fetchAll(commit: string, listing: ModelListing): Promise<void> {
    const { files } = listing;
    const small = SMALL_FILES.filter((path) => files.has(path));
    const settings = [...files.values()].filter(({ path }) => !isWeights(path));
    const vast = settings.find(({ sizeBytes }) => sizeBytes > MAX_SMALL_BYTES);
    if (vast) {
      throw new InputError(
        `${vast.path} of ${this.#reference.repo} has ${vast.sizeBytes} bytes as the hub lists it; no model needs more ` +
          `than ${inUnits(MAX_SMALL_BYTES)} there. Look at its page on the hub.`,
      );
    }
    await mkdir(join(this.#cache.root, 'blobs'), { recursive: true });
    const weights = await this.#weightFiles(commit, listing);
    const wanted = [...small, ...weights].map((path) => files.get(path)!);
    const totalBytes = wanted.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    for (const path of SMALL_FILES) if (!files.has(path)) await this.#cache.setAbsent(commit, path);
    let before = 0;
    for (const file of wanted) {
      const report = (bytes: number): void =>
        this.#options.onDownload?.({
          repo: this.#reference.repo,
          file: file.path,
          doneBytes: before + bytes,
          totalBytes,
        });
      report(0);
      await this.#fetch(commit, file, report);
      report(file.sizeBytes);
      before += file.sizeBytes;
    }
  }

  async #weightFiles(commit: string, { files, names }: ModelListing): Promise<string[]> {
    const { repo, revision } = this.#reference;
    const lacks = (what: string): InputError =>
      new InputError(
        `${repo} at revision "${revision}" has no ${what}. It has ${some(names) || 'no files'}.` +
          otherFormsAmong(names, repo),
      );
    if (!files.has('config.json')) throw lacks('config.json, so it is no model that can be run here');
    const layout = weightLayout((path) => files.has(path));
    if (!layout) throw lacks(`weights in a format read here, which are ${WEIGHT_FILES.join(' and ')}`);
    if (layout.kind === 'file') return [layout.path];
    // Which shards there are stands in the index.
    await this.#fetch(commit, files.get(layout.path)!, () => undefined);
    const index = await realpath(join(this.#cache.snapshot(commit), layout.path));
    const shards = shardsOf(`${layout.path} of ${repo}`, await readFile(index, 'utf8'));
    const missing = shards.filter((shard) => !files.has(shard));
    if (missing.length > 0) throw lacks(`${some(missing)}, which ${layout.path} names`);
    return shards;
  }

  async #fetch(commit: string, file: HubFile, onBytes: (bytes: number) => void): Promise<void> {
    const { repo } = this.#reference;
    const { path, sizeBytes, checksum } = file;
    const { endpoint } = this.#client.settings;
    const request = {
      name: `${path} of ${repo}`,
      url: `${endpoint}/${repo}/resolve/${commit}/${path.split('/').map(encodeURIComponent).join('/')}`,
      ...{ sizeBytes, checksum, path: this.#cache.blob(checksum.hash) },
    };
    const { signal } = this.#options;
    try {
      await downloadBlob(this.#client, request, { signal, retryDelayMs: this.#retryDelayMs, onBytes });
    } catch (error) {
      throw this.#explained(error, path);
    }
    await this.#cache.addFile(commit, path, checksum.hash);
  }
}

/** The first of many names that came from outside. */
function some(names: readonly string[]): string {
  return [...names.slice(0, 20).map((name) => short(name)), ...(names.length > 20 ? ['…'] : [])].join(', ');
}
