import type { Span } from '../schedule/span.js';

/** Hands the spans of one run to the caller's hook, and closes each rank's line when the run is over. */
export class SpanFeed {
  readonly #onSpan: (span: Span) => void;
  readonly #idleSince: { readonly replica: number; readonly rank: number; readonly startNs: number }[] = [];

  constructor(onSpan: (span: Span) => void) {
    this.#onSpan = onSpan;
  }

  deliver(spans: readonly Span[]): void {
    for (const span of spans) this.#onSpan(span);
  }

  rankEnded(replica: number, rank: number, idleSinceNs: number): void {
    this.#idleSince.push({ replica, rank, startNs: idleSinceNs });
  }

  /** Ranks that ended before the last one had nothing left to do. */
  runEnded(): void {
    const endNs = Math.max(0, ...this.#idleSince.map(({ startNs }) => startNs));
    for (const { replica, rank, startNs } of this.#idleSince) {
      if (startNs < endNs) this.#onSpan({ kind: 'stall', replica, rank, startNs, endNs });
    }
  }
}
