import { closeSync, openSync, writeSync } from 'node:fs';
import { Packr } from 'msgpackr';
import type { Span } from '../../../pipeline/schedule/span.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { RecordedRun, RecordingHeader } from './recording.js';

const FLUSH_BYTES = 1 << 16;

/**
 * Streams spans to a file of MessagePack records: a header, then per run its description and its spans.
 * Nothing but the current 64 KiB is kept in memory. Writes are synchronous on purpose: a slow disk slows the run
 * down rather than filling the memory.
 */
export class SpanRecorder {
  readonly #packr = new Packr({ useRecords: false });
  readonly #file: number;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  /** @throws InputError when the file cannot be created. */
  constructor(path: string, settings: unknown) {
    try {
      this.#file = openSync(path, 'w');
    } catch (error) {
      throw new InputError(
        `cannot write the recording to ${path}: ${(error as Error).message}. Give --record a file in a folder that exists.`,
      );
    }
    this.#write({ format: 'ipu-pipeline-spans', version: 1, settings } satisfies RecordingHeader);
  }

  beginRun(run: RecordedRun): void {
    this.#write(run);
  }

  add(span: Span): void {
    this.#write(span);
  }

  close(): void {
    this.#flush();
    closeSync(this.#file);
  }

  #write(record: unknown): void {
    const bytes = this.#packr.pack(record);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= FLUSH_BYTES) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.concat(this.#pending);
    for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}
