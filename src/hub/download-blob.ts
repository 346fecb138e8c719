import { constants } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { InputError } from '../../ipu-config/base/errors.js';
import { fileChecksum, type Checksum } from './checksum.js';
import { withLock } from './file-lock.js';
import type { HubClient } from './hub-client.js';
import { HubStatusError, HubUnreachableError, isTransient } from './hub-errors.js';

/** A file of the hub and where it is to lie. */
export interface BlobRequest {
  /** As errors name it, for example `vocab.txt of org/name`. */
  readonly name: string;
  readonly url: string;
  readonly sizeBytes: number;
  readonly checksum: Checksum;
  /** The finished file; beside it `.incomplete` while it arrives, and `.incomplete.lock`. */
  readonly path: string;
}

export interface BlobOptions {
  readonly signal: AbortSignal | undefined;
  /** The wait after the first failure; it doubles with each that follows without a byte in between. */
  readonly retryDelayMs: number;
  /** Bytes that have arrived, earlier runs included. Goes back when the file has to be begun again. */
  readonly onBytes: (bytes: number) => void;
}

/** Attempts in a row that bring nothing, and attempts in all. */
const MAX_FAILURES = 5;
const MAX_ATTEMPTS = 200;
const MAX_DELAY_MS = 10_000;

/**
 * Downloads a file, going on where an earlier attempt, in this or another process, broke off. The finished file
 * appears at once, and only when its size and checksum are right.
 * @throws InputError when it keeps breaking off (what came is kept) or when its sum is wrong (it is deleted);
 * HubStatusError when the hub refuses it; the signal's reason
 */
export async function downloadBlob(
  client: HubClient,
  request: BlobRequest,
  options: BlobOptions,
): Promise<void> {
  const { path, sizeBytes } = request;
  const incomplete = `${path}.incomplete`;
  const isThere = async (): Promise<boolean> => (await sizeOf(path)) === sizeBytes;
  if (await isThere()) return;
  const wait = {
    // The holder may be silent for the pauses between its attempts too.
    limitMs: 2 * client.settings.timeoutMs + 60_000,
    signal: options.signal,
    progress: async () => {
      const bytes = await sizeOf(incomplete);
      options.onBytes(Math.min(bytes ?? 0, sizeBytes));
      return bytes;
    },
  };
  await withLock(`${incomplete}.lock`, wait, async () => {
    if (await isThere()) return;
    await new BlobDownload(client, request, options).run(incomplete);
    await rename(incomplete, path);
  });
}

class BlobDownload {
  readonly #client: HubClient;
  readonly #request: BlobRequest;
  readonly #options: BlobOptions;
  /** Whether a part of the file came from an earlier request. */
  #resumed = false;
  /** Cleared when a server answers ranges wrongly. */
  #useRanges = true;
  /** Of the content that the last request brought; only strong ones, which stand for the same bytes. */
  #etag: string | undefined;
  #arrived = 0;

  constructor(client: HubClient, request: BlobRequest, options: BlobOptions) {
    this.#client = client;
    this.#request = request;
    this.#options = options;
  }

  async run(incomplete: string): Promise<void> {
    await this.#receiveAll(incomplete);
    if (await this.#isRight(incomplete)) return;
    // The part that lay there may have been of another content: the whole file once more, in one piece.
    await rm(incomplete, { force: true });
    this.#resumed = false;
    await this.#receiveAll(incomplete);
    await this.#isRight(incomplete);
  }

  /** @throws InputError when the sum is wrong and no earlier part can be the reason */
  async #isRight(incomplete: string): Promise<boolean> {
    const { name, checksum } = this.#request;
    const found = await fileChecksum(incomplete, checksum.algorithm, this.#options.signal);
    if (found === checksum.hash) return true;
    if (this.#resumed) return false;
    await rm(incomplete, { force: true });
    throw new InputError(
      `${name} arrived damaged: its ${checksum.algorithm} is ${found}, but ${this.#client.settings.endpoint} lists ` +
        `${checksum.hash}. It was deleted; run the same command again, or look for a proxy or mirror that changes it.`,
    );
  }

  async #receiveAll(incomplete: string): Promise<void> {
    let failures = 0;
    for (let attempt = 1; ; attempt++) {
      const before = this.#arrived;
      try {
        await this.#receive(incomplete);
        return;
      } catch (caught) {
        const error = this.#client.failure(caught);
        if (!isTransient(error)) throw error;
        failures = this.#arrived > before ? 1 : failures + 1;
        if (failures >= MAX_FAILURES || attempt >= MAX_ATTEMPTS) throw await this.#givenUp(error, incomplete);
        await this.#client.pause(
          Math.min(this.#options.retryDelayMs * 2 ** (failures - 1), MAX_DELAY_MS),
          error,
        );
      }
    }
  }

  async #givenUp(error: unknown, incomplete: string): Promise<Error> {
    const { name, sizeBytes } = this.#request;
    const came = (await sizeOf(incomplete)) ?? 0;
    return new InputError(
      `the download of ${name} broke off at ${came} of ${sizeBytes} bytes: ${(error as Error).message}. ` +
        'What has arrived is kept; run the same command again to go on from there.',
      { cause: error },
    );
  }

  /** One request, from the end of what is there. */
  async #receive(incomplete: string): Promise<void> {
    const { sizeBytes } = this.#request;
    const file = await open(incomplete, constants.O_RDWR | constants.O_CREAT, 0o666);
    try {
      let offset = (await file.stat()).size;
      if (offset > sizeBytes || (offset < sizeBytes && !this.#useRanges)) {
        await file.truncate(0);
        offset = 0;
      }
      this.#resumed ||= offset > 0;
      this.#options.onBytes(offset);
      if (offset < sizeBytes) await this.#fetchRest(file, offset);
    } finally {
      await file.close();
    }
  }

  async #fetchRest(file: FileHandle, offset: number): Promise<void> {
    const idle = new IdleTimer(this.#client.settings.timeoutMs, this.#options.signal);
    try {
      const response = await this.#client.request(
        this.#request.url,
        { headers: this.#headers(offset), signal: idle.signal },
        (hop) => this.#checkIdentity(hop),
      );
      idle.restart();
      const start = await this.#start(response, file, offset);
      const etag = response.headers.get('etag');
      this.#etag = etag?.startsWith('"') ? etag : undefined;
      await this.#store(response, file, start, idle);
    } catch (error) {
      if (error instanceof HubStatusError && error.status === 416) {
        this.#useRanges = false;
        throw new HubUnreachableError('the server has no such range', { cause: error });
      }
      throw error;
    } finally {
      idle.stop();
    }
  }

  #headers(offset: number): Record<string, string> {
    // A compressed answer would make the positions of ranges mean something else.
    const headers: Record<string, string> = { 'accept-encoding': 'identity' };
    if (offset === 0) return headers;
    headers['range'] = `bytes=${offset}-`;
    if (this.#etag !== undefined) headers['if-range'] = this.#etag;
    return headers;
  }

  /** The hub itself names the content before any of it flows; another content need not be loaded. */
  #checkIdentity(hop: Response): void {
    const tag = hop.headers.get('x-linked-etag')?.replace(/^(?:W\/)?"|"$/g, '');
    const { hash } = this.#request.checksum;
    if (tag !== undefined && /^[0-9a-f]+$/.test(tag) && tag.length === hash.length && tag !== hash) {
      throw this.#changed(`its sum was ${hash} and is now ${tag}`);
    }
  }

  /** Where in the file the answer begins; a whole file instead of the rest begins at 0. */
  async #start(response: Response, file: FileHandle, offset: number): Promise<number> {
    const { sizeBytes } = this.#request;
    const range = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(response.headers.get('content-range') ?? '');
    if (response.status === 206) {
      if (range && range[2] !== '*' && Number(range[2]) !== sizeBytes) {
        throw this.#changed(`it had ${sizeBytes} bytes and has now ${range[2]}`);
      }
      if (Number(range?.[1]) === offset) return offset;
      await response.body?.cancel();
      this.#useRanges = false;
      throw new HubUnreachableError('the server sent another range than it was asked for');
    }
    const length = response.headers.get('content-length');
    if (length !== null && !response.headers.has('content-encoding') && Number(length) !== sizeBytes) {
      throw this.#changed(`it had ${sizeBytes} bytes and has now ${length}`);
    }
    await file.truncate(0);
    this.#resumed = false;
    this.#options.onBytes(0);
    return 0;
  }

  async #store(response: Response, file: FileHandle, start: number, idle: IdleTimer): Promise<void> {
    const { sizeBytes } = this.#request;
    let position = start;
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      idle.stop();
      if (position + chunk.length > sizeBytes)
        throw this.#changed(`it had ${sizeBytes} bytes and has now more`);
      for (let written = 0; written < chunk.length;) {
        const part = await file.write(chunk, written, chunk.length - written, position + written);
        written += part.bytesWritten;
      }
      position += chunk.length;
      this.#arrived += chunk.length;
      this.#options.onBytes(position);
      idle.restart();
    }
    if (position < sizeBytes) throw new HubUnreachableError('the connection ended early');
    await file.datasync();
  }

  #changed(how: string): InputError {
    return new InputError(
      `${this.#request.name} changed while it was downloaded: ${how}. Run the same command again to take the new one.`,
    );
  }
}

/** Aborts when nothing happened for too long, or when the caller does. */
class IdleTimer {
  readonly signal: AbortSignal;
  readonly #controller = new AbortController();
  readonly #timeoutMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(timeoutMs: number, signal: AbortSignal | undefined) {
    this.#timeoutMs = timeoutMs;
    this.signal = signal ? AbortSignal.any([signal, this.#controller.signal]) : this.#controller.signal;
    this.restart();
  }

  restart(): void {
    this.stop();
    const silent = new HubUnreachableError(`the server was silent for ${this.#timeoutMs / 1000} s`);
    this.#timer = setTimeout(() => this.#controller.abort(silent), this.#timeoutMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
