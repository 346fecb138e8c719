import type { Span } from '../../../pipeline/schedule/span.js';
import { OutputFile } from '../../../ipu-config/base/files/output-file.js';
import { VERSION } from '../../../ipu-config/base/files/version.js';
import type { RunDescription } from '../run-description.js';
import { TraceEvents } from '../trace-events.js';

const FLUSH_CHARS = 1 << 16;

/**
 * Streams spans to a file of Chrome Trace Event JSON, which Perfetto and chrome://tracing open. Nothing but the
 * current 64 KiB and what is in flight is kept in memory.
 */
export class TraceWriter {
  readonly #file: OutputFile;
  #hasRun = false;
  readonly #events: TraceEvents;
  #pending = '';

  /** @throws InputError when the file cannot be created. */
  constructor(path: string) {
    this.#file = new OutputFile(path);
    this.#events = new TraceEvents((text) => this.#write(text), { ipuPipeline: VERSION });
  }

  /** The spans that follow belong to this run; several runs lie side by side, each with processes of its own. */
  beginRun(run: RunDescription): void {
    this.#hasRun = true;
    this.#events.beginRun(run);
  }

  add(span: Span): void {
    this.#events.add(span);
  }

  /** The trace is whole JSON, however far the runs came. One without a run is none: an older file stays. */
  close(): void {
    if (!this.#hasRun) return this.#file.discard();
    this.#events.end();
    this.#flush();
    this.#file.commit();
  }

  #write(text: string): void {
    this.#pending += text;
    if (this.#pending.length >= FLUSH_CHARS) this.#flush();
  }

  #flush(): void {
    this.#file.write(this.#pending);
    this.#pending = '';
  }
}
