import { Packr } from 'msgpackr';
import type { Span } from '../../../pipeline/schedule/span.js';
import { OutputFile } from '../../../ipu-config/base/files/output-file.js';
import type { RecordedRun, RecordingHeader } from './recording.js';

const FLUSH_BYTES = 1 << 16;

/**
 * Streams spans to a file of MessagePack records: a header, then per run its description and its spans.
 * Nothing but the current 64 KiB is kept in memory.
 */
export class SpanRecorder {
  readonly #packr = new Packr({ useRecords: false });
  readonly #file: OutputFile;
  #hasRun = false;
  #pending: Buffer[] = [];
  #pendingBytes = 0;

  /** @throws InputError when the file cannot be created. */
  constructor(path: string, settings: unknown) {
    this.#file = new OutputFile(path);
    this.#write({ format: 'ipu-pipeline-spans', version: 1, settings } satisfies RecordingHeader);
  }

  beginRun(run: RecordedRun): void {
    this.#hasRun = true;
    this.#write(run);
  }

  add(span: Span): void {
    this.#write(span);
  }

  /** The recording is whole, however far the runs came. One without a run is none: an older file stays. */
  close(): void {
    if (!this.#hasRun) return this.#file.discard();
    this.#flush();
    this.#file.commit();
  }

  #write(record: unknown): void {
    const bytes = this.#packr.pack(record);
    this.#pending.push(bytes);
    this.#pendingBytes += bytes.length;
    if (this.#pendingBytes >= FLUSH_BYTES) this.#flush();
  }

  #flush(): void {
    this.#file.write(Buffer.concat(this.#pending));
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}
