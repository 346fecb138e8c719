import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One request as a server saw it. */
export interface Seen {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly token: string | undefined;
}

/** A revision's files by path, and which of them lie in large file storage. */
export interface Commit {
  readonly files: ReadonlyMap<string, Buffer>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

const PAGE = 4;

/**
 * A hub on two ports: the API, and the "CDN" that large files are redirected to. It speaks as much of the HTTP API
 * as a client that downloads needs; the fields below make it misbehave.
 */
export class HubServer {
  readonly hub: Seen[] = [];
  readonly cdn: Seen[] = [];
  readonly commits = new Map<string, Commit>();
  readonly refs = new Map<string, string>();
  repo = 'acme/tiny-bert';
  /** Cuts the connection after so many bytes of a body, once for each number. */
  cuts: number[] = [];
  /** How many bytes of a body are sent, before the server falls silent for good. */
  silentAfter: number | undefined;
  ignoreRange = false;
  /** What is stored in place of what is listed. */
  stored = new Map<string, Buffer>();
  /** The token without which nothing is given. */
  token: string | undefined;
  /** Statuses that the hub answers instead, one request each. */
  failures: { status: number; code?: string; after?: string }[] = [];
  /** Answers to whatever is resolved. */
  refusal: { status: number; code?: string; message?: string } | undefined;
  /** Bytes per piece of a body, each after a turn of the event loop. */
  chunkBytes = 16_384;
  delayMs = 0;
  etag: string | undefined;
  /** Answers in place of the hub or its CDN, where it gives true. */
  instead: (request: IncomingMessage, response: ServerResponse) => boolean = () => false;
  /** The hub takes requests and never answers. */
  mute = false;
  readonly #servers: Server[] = [];

  static async start(): Promise<HubServer> {
    const server = new HubServer();
    await server.#listen((request, response) => server.#answerHub(request, response));
    await server.#listen((request, response) => server.#answerCdn(request, response));
    return server;
  }

  get endpoint(): string {
    return this.#address(0);
  }

  get cdnPort(): number {
    return (this.#servers[1]!.address() as AddressInfo).port;
  }

  /** Adds a commit and moves branches to it. */
  commit(files: ReadonlyMap<string, Buffer>, ...branches: string[]): string {
    const sums = [...files].map(([path, bytes]) => `${path} ${gitSha1(bytes)}`).join('\n');
    const hash = createHash('sha1').update(sums).digest('hex');
    this.commits.set(hash, { files });
    for (const branch of branches) this.refs.set(branch, hash);
    return hash;
  }

  forget(): void {
    this.hub.length = 0;
    this.cdn.length = 0;
  }

  async stop(): Promise<void> {
    for (const server of this.#servers) {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    }
  }

  #address(at: number): string {
    return `http://127.0.0.1:${(this.#servers[at]!.address() as AddressInfo).port}`;
  }

  async #listen(handler: Handler): Promise<void> {
    const server = createServer(handler);
    this.#servers.push(server);
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  }

  #answerHub(request: IncomingMessage, response: ServerResponse): void {
    this.hub.push(seen(request));
    if (this.mute || this.instead(request, response)) return;
    const failure = this.failures.shift();
    if (failure) return refuse(response, failure.status, failure.code, failure.after);
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
      return refuse(response, 401, 'RepoNotFound');
    }
    const url = new URL(request.url!, this.endpoint);
    const api = new RegExp(`^/api/models/${this.repo}/(revision|tree)/([^/]+)(?:/(.+))?$`).exec(url.pathname);
    const file = new RegExp(`^/${this.repo}/resolve/([^/]+)/(.+)$`).exec(url.pathname);
    if (!api && !file) return refuse(response, 404, 'RepoNotFound');
    const revision = decodeURIComponent((api?.[2] ?? file?.[1])!);
    const hash = this.refs.get(revision) ?? revision;
    const commit = this.commits.get(hash);
    if (!commit) return refuse(response, 404, 'RevisionNotFound');
    if (file) return this.#resolve(request, response, hash, commit, decodeURIComponent(file[2]!));
    if (api![1] === 'revision') return json(response, { _id: '1', id: this.repo, sha: hash });
    const start = Number(url.searchParams.get('cursor') ?? 0);
    const entries = treeOf(commit, api![3]);
    if (start + PAGE < entries.length) {
      url.searchParams.set('cursor', String(start + PAGE));
      response.setHeader('link', `<${url.href}>; rel="next"`);
    }
    json(response, entries.slice(start, start + PAGE));
  }

  #resolve(
    request: IncomingMessage,
    response: ServerResponse,
    hash: string,
    commit: Commit,
    path: string,
  ): void {
    if (this.refusal) {
      if (this.refusal.message !== undefined) response.setHeader('x-error-message', this.refusal.message);
      return refuse(response, this.refusal.status, this.refusal.code);
    }
    const bytes = commit.files.get(path);
    if (!bytes) return refuse(response, 404, 'EntryNotFound');
    response.setHeader('x-repo-commit', hash);
    if (!isLarge(path)) return this.#send(request, response, bytes, `"${gitSha1(bytes)}"`);
    response.setHeader(
      'x-linked-etag',
      `"${sha256(this.etag === undefined ? bytes : Buffer.from(this.etag))}"`,
    );
    response.setHeader('x-linked-size', bytes.length);
    response.setHeader(
      'location',
      `${this.#address(1)}/blob/${hash}/${encodeURIComponent(path)}?signature=s`,
    );
    response.writeHead(302).end();
  }

  #answerCdn(request: IncomingMessage, response: ServerResponse): void {
    this.cdn.push(seen(request));
    if (this.instead(request, response)) return;
    const [, hash, path] = /^\/blob\/([^/]+)\/([^?]+)/.exec(request.url!)!;
    const name = decodeURIComponent(path!);
    const bytes = this.stored.get(name) ?? this.commits.get(hash!)!.files.get(name)!;
    this.#send(request, response, bytes, `"cdn-${sha256(bytes).slice(0, 16)}"`);
  }

  #send(request: IncomingMessage, response: ServerResponse, bytes: Buffer, etag: string): void {
    response.setHeader('etag', etag);
    response.setHeader('accept-ranges', 'bytes');
    const range = /^bytes=(\d+)-$/.exec(request.headers.range ?? '');
    const condition = request.headers['if-range'];
    let body = bytes;
    if (range && !this.ignoreRange && (condition === undefined || condition === etag)) {
      const start = Number(range[1]);
      if (start >= bytes.length) return refuse(response, 416);
      body = bytes.subarray(start);
      response.setHeader('content-range', `bytes ${start}-${bytes.length - 1}/${bytes.length}`);
      response.statusCode = 206;
    }
    response.setHeader('content-length', body.length);
    void this.#stream(response, body);
  }

  async #stream(response: ServerResponse, body: Buffer): Promise<void> {
    // Small bodies pass whole, so that a cut meets the file that a test is about.
    const cut = (this.cuts[0] ?? Infinity) < body.length ? this.cuts.shift()! : Infinity;
    const end = Math.min(body.length, cut, this.silentAfter ?? Infinity);
    response.flushHeaders();
    for (let at = 0; at < end && !response.destroyed; at += this.chunkBytes) {
      await new Promise((done) =>
        response.write(body.subarray(at, Math.min(end, at + this.chunkBytes)), done),
      );
      await new Promise((done) => setTimeout(done, this.delayMs));
    }
    if (end === body.length) response.end();
    else if (cut === end) response.destroy();
  }
}

export const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

export const gitSha1 = (bytes: Buffer): string =>
  createHash('sha1').update(`blob ${bytes.length}\0`).update(bytes).digest('hex');

const isLarge = (path: string): boolean => /\.(?:safetensors|bin|h5)$/.test(path);

/** Files and folders of one folder, the root when it has no name. */
function treeOf({ files }: Commit, folder?: string): object[] {
  const prefix = folder === undefined ? '' : `${folder}/`;
  const inside = [...files].filter(([path]) => path.startsWith(prefix));
  const folders = new Set<string>();
  const entries: object[] = [];
  for (const [path, bytes] of inside) {
    const [first, ...below] = path.slice(prefix.length).split('/');
    if (below.length === 0) entries.push(treeEntry(path, bytes));
    else folders.add(`${prefix}${first}`);
  }
  return [...[...folders].map((path) => ({ type: 'directory', path, size: 0, oid: '' })), ...entries];
}

function treeEntry(path: string, bytes: Buffer): object {
  if (!isLarge(path)) return { type: 'file', path, size: bytes.length, oid: gitSha1(bytes) };
  const pointer = Buffer.from(`version https://git-lfs.github.com/spec/v1\noid sha256:${sha256(bytes)}\n`);
  const lfs = { oid: sha256(bytes), size: bytes.length, pointerSize: pointer.length };
  return { type: 'file', path, size: bytes.length, oid: gitSha1(pointer), lfs, xetHash: sha256(pointer) };
}

function seen({ method, url, headers }: IncomingMessage): Seen {
  return {
    method: method!,
    path: url!,
    range: headers.range,
    ifRange: headers['if-range'] as string | undefined,
    token: headers.authorization,
  };
}

function json(response: ServerResponse, value: unknown): void {
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(JSON.stringify(value));
}

function refuse(response: ServerResponse, status: number, code?: string, after?: string): void {
  if (code !== undefined) response.setHeader('x-error-code', code);
  if (after !== undefined) response.setHeader('retry-after', after);
  response.statusCode = status;
  json(response, { error: code ?? `status ${status}` });
}
