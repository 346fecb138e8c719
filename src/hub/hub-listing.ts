import { InputError } from '../../ipu-config/base/errors.js';
import { short } from '../../ipu-config/base/json-text.js';
import type { Checksum } from './checksum.js';
import type { HubClient } from './hub-client.js';
import { HubStatusError, HubUnreachableError } from './hub-errors.js';
import { isCommitHash, type ModelReference } from './model-reference.js';
import type { Fetch } from './proxy.js';
import { isNeeded, isNeededFolder } from './needed-files.js';

/** A file of a model, as the hub describes it. */
export interface HubFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly checksum: Checksum;
}

/** Loaded only when it is needed: it is large, and most runs ask the hub nothing. */
const library = () => import('@huggingface/hub');

/**
 * The commit that a branch, tag or short hash means now.
 * @throws HubStatusError, HubUnreachableError; InputError when the server does not speak the hub's language
 */
export async function currentCommit(
  client: HubClient,
  fetch: Fetch,
  { repo, revision }: ModelReference,
): Promise<string> {
  const { endpoint } = client.settings;
  const { modelInfo } = await library();
  const info = await asHub(client, () =>
    modelInfo({ name: repo, revision, additionalFields: ['sha'], hubUrl: endpoint, fetch }),
  );
  const sha: unknown = info.sha;
  if (typeof sha === 'string' && isCommitHash(sha)) return sha;
  throw new InputError(
    `${endpoint} names no commit for ${repo}@${revision}: is HF_ENDPOINT a Hugging Face hub?`,
  );
}

/** What a commit of a model has. */
export interface ModelListing {
  /** The files that may be needed, with their sums. */
  readonly files: ReadonlyMap<string, HubFile>;
  /** All files and folders of its root, for messages. */
  readonly names: readonly string[];
}

/**
 * Lists the root of a commit, and the folders in which something may be needed.
 * @throws as `currentCommit`
 */
export async function listModel(
  client: HubClient,
  fetch: Fetch,
  repo: string,
  commit: string,
): Promise<ModelListing> {
  const hubUrl = client.settings.endpoint;
  const common = {
    repo: { type: 'model', name: repo },
    ...{ revision: commit, fetch, hubUrl },
  } as const;
  const { fileDownloadInfo, listFiles } = await library();
  return asHub(client, async () => {
    const files = new Map<string, HubFile>();
    const names: string[] = [];
    const folders = new Set<string | undefined>([undefined]);
    for (const folder of folders) {
      for await (const entry of listFiles({ ...common, ...(folder === undefined ? {} : { path: folder }) })) {
        const { type, path, size, oid, lfs } = entry;
        if (folder === undefined) names.push(path);
        if (type === 'directory' && isNeededFolder(path)) folders.add(path);
        if (type !== 'file' || !isNeeded(path)) continue;
        const checksum = lfs ? checksumOf(lfs.oid) : checksumOf(oid);
        const sizeBytes = lfs?.size ?? size;
        const isTold = checksum && Number.isSafeInteger(sizeBytes) && sizeBytes >= 0;
        files.set(path, isTold ? { path, sizeBytes, checksum } : await askedFor(path));
      }
    }
    return { files, names };
  });

  async function askedFor(path: string): Promise<HubFile> {
    const info = await fileDownloadInfo({ ...common, path });
    const checksum = checksumOf(info?.etag.replace(/^(?:W\/)?"|"$/g, ''));
    if (info && checksum) return { path, sizeBytes: info.size, checksum };
    throw new InputError(
      `${hubUrl} gives no checksum of ${path} in ${repo}, so that nobody can tell whether it arrives whole.`,
    );
  }
}

function checksumOf(text: string | undefined): Checksum | undefined {
  const hash = text?.replace(/^sha256:/, '').toLowerCase() ?? '';
  if (/^[0-9a-f]{64}$/.test(hash)) return { algorithm: 'sha256', hash };
  return /^[0-9a-f]{40}$/.test(hash) ? { algorithm: 'git-sha1', hash } : undefined;
}

/** What the library makes of an answer that is none of the hub's are plain errors of all kinds. */
async function asHub<T>(client: HubClient, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (caught) {
    // A TypeError may be the network's as well as an answer of another form.
    const error = client.failure(caught);
    const known = [HubStatusError, HubUnreachableError, InputError].some((type) => error instanceof type);
    if (known || error !== caught || !(error instanceof Error)) throw error;
    throw new InputError(
      `${client.settings.endpoint} does not answer as a Hugging Face hub does: ${short(error.message)}. Check HF_ENDPOINT.`,
      { cause: error },
    );
  }
}
