import { closeSync, openSync, writeSync } from 'node:fs';
import type { Span } from '../../../pipeline/schedule/span.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import { VERSION } from '../../../ipu-config/base/files/version.js';
import type { RunDescription } from '../run-description.js';
import { TraceEvents } from '../trace-events.js';

const FLUSH_CHARS = 1 << 16;

/**
 * Streams spans to a file of Chrome Trace Event JSON, which Perfetto and chrome://tracing open. Nothing but the
 * current 64 KiB and what is in flight is kept in memory; writes are synchronous, so a slow disk slows the run down
 * rather than filling the memory.
 */
export class TraceWriter {
  readonly #file: number;
  readonly #events: TraceEvents;
  #pending = '';

  /** @throws InputError when the file cannot be created. */
  constructor(path: string) {
    try {
      this.#file = openSync(path, 'w');
    } catch (error) {
      throw new InputError(
        `cannot write the trace to ${path}: ${(error as Error).message}. Give --trace a file in a folder that exists.`,
      );
    }
    this.#events = new TraceEvents((text) => this.#write(text), { ipuPipeline: VERSION });
  }

  /** The spans that follow belong to this run; several runs lie side by side, each with processes of its own. */
  beginRun(run: RunDescription): void {
    this.#events.beginRun(run);
  }

  add(span: Span): void {
    this.#events.add(span);
  }

  close(): void {
    this.#events.end();
    this.#flush();
    closeSync(this.#file);
  }

  #write(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= FLUSH_CHARS) this.#flush();
  }

  #flush(): void {
    const bytes = Buffer.from(this.#pending);
    for (let written = 0; written < bytes.length;) written += writeSync(this.#file, bytes, written);
    this.#pending = '';
  }
}
