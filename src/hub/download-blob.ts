import { constants } from 'node:fs';
import { open, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import { InputError } from '../../ipu-config/base/errors.js';
import { fileChecksum, type Checksum } from './checksum.js';
import { withLock } from './file-lock.js';
import type { HubClient } from './hub-client.js';
import { HubStatusError, HubUnreachableError, isTransient } from './hub-errors.js';
import { Patience, type Attempt } from './patience.js';

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
/** What comes slower is as good as silence: a file of BERT-large would take weeks. */
const LEAST_BYTES_PER_SECOND = 1024;

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
  /** How far into the file any request has come, and how far it was when the patience was renewed. */
  #furthest = 0;
  #renewedAt = 0;
  #begunAgain = false;
  readonly #patience: Patience;

  constructor(client: HubClient, request: BlobRequest, options: BlobOptions) {
    this.#client = client;
    this.#request = request;
    this.#options = options;
    const { timeoutMs } = client.settings;
    this.#patience = new Patience(timeoutMs, 'HF_HUB_DOWNLOAD_TIMEOUT', options.signal);
  }

  async run(incomplete: string): Promise<void> {
    await this.#receiveAll(incomplete);
    if (await this.#isRight(incomplete)) return;
    // The part that lay there may have been of another content: the whole file once more, in one piece.
    await rm(incomplete, { force: true });
    this.#resumed = false;
    this.#beginAgain();
    this.#patience.renew();
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
      const before = this.#furthest;
      try {
        await this.#receive(incomplete);
        return;
      } catch (caught) {
        const error = this.#client.failure(caught);
        if (!isTransient(error)) throw error;
        failures = this.#furthest > before ? 1 : failures + 1;
        if (failures >= MAX_FAILURES || attempt >= MAX_ATTEMPTS) throw await this.#givenUp(error, incomplete);
        const delayMs = Math.min(this.#options.retryDelayMs * 2 ** (failures - 1), MAX_DELAY_MS);
        await this.#client.pause(this.#patience, delayMs, error).catch(async (over: unknown) => {
          throw over === error ? await this.#givenUp(error, incomplete) : over;
        });
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
    const attempt = this.#patience.attempt();
    try {
      const response = await this.#client.request(
        this.#request.url,
        { headers: this.#headers(offset), signal: attempt.signal },
        (hop) => this.#checkIdentity(hop),
      );
      attempt.wait();
      const start = await this.#start(response, file, offset);
      const etag = response.headers.get('etag');
      this.#etag = etag?.startsWith('"') ? etag : undefined;
      await this.#store(response, file, start, attempt);
    } catch (error) {
      if (error instanceof HubStatusError && error.status === 416) {
        this.#useRanges = false;
        throw new HubUnreachableError('the server has no such range', { cause: error });
      }
      throw error;
    } finally {
      attempt.end();
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
    // Once, and not for a server that does so again and again.
    if (this.#furthest > 0 && !this.#begunAgain) {
      this.#begunAgain = true;
      this.#beginAgain();
    }
    this.#options.onBytes(0);
    return 0;
  }

  async #store(response: Response, file: FileHandle, start: number, attempt: Attempt): Promise<void> {
    const { sizeBytes } = this.#request;
    let position = start;
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      attempt.stop();
      if (position + chunk.length > sizeBytes)
        throw this.#changed(`it had ${sizeBytes} bytes and has now more`);
      for (let written = 0; written < chunk.length;) {
        const part = await file.write(chunk, written, chunk.length - written, position + written);
        written += part.bytesWritten;
      }
      position += chunk.length;
      this.#noteArrival(position);
      this.#options.onBytes(position);
      attempt.wait();
    }
    if (position < sizeBytes) throw new HubUnreachableError('the connection ended early');
    await file.datasync();
  }

  /** What came is of no use: bytes count as progress again from the first one on. */
  #beginAgain(): void {
    this.#furthest = 0;
    this.#renewedAt = 0;
  }

  /** Only what nobody had before is progress. */
  #noteArrival(position: number): void {
    if (position <= this.#furthest) return;
    this.#furthest = position;
    const worthWaiting = (this.#client.settings.timeoutMs / 1000) * LEAST_BYTES_PER_SECOND;
    if (position - this.#renewedAt < worthWaiting) return;
    this.#renewedAt = position;
    this.#patience.renew();
  }

  #changed(how: string): InputError {
    return new InputError(
      `${this.#request.name} changed while it was downloaded: ${how}. Run the same command again to take the new one.`,
    );
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return stat(path).then(
    ({ size }) => size,
    () => undefined,
  );
}
