import type { Span } from '../../pipeline/schedule/span.js';
import type { RunDescription } from './run-description.js';
import { encodeSpans, type EncodedSpans } from './span-codec.js';
import { SpanTableBuilder } from './span-table.js';

/** The spans of one run. */
export interface TimelineData {
  readonly run: RunDescription;
  readonly spans: EncodedSpans;
  /** The run went on after the last span here: how long it took in all. */
  readonly cutFromNs?: number;
}

/** Spans that a page holds of one run, unless a caller wants another number. */
export const TIMELINE_SPANS = 25_000;

/**
 * Keeps the spans of a run for a page: all of them, or those of the beginning where there are more than the page is
 * to hold. Memory is bounded by that number.
 */
export class TimelineCollector {
  readonly #run: RunDescription;
  readonly #most: number;
  readonly #builder = new SpanTableBuilder();
  #endNs = 0;
  #left = 0;

  constructor(run: RunDescription, mostSpans = TIMELINE_SPANS) {
    this.#run = run;
    this.#most = mostSpans;
  }

  add(span: Span): void {
    this.#endNs = Math.max(this.#endNs, span.endNs);
    if (this.#builder.count < this.#most) this.#builder.add(span);
    else this.#left++;
  }

  async timeline(): Promise<TimelineData> {
    const isCut = this.#left > 0;
    // Ranks report in bunches: beyond the moment that all have reached, a picture would show idle ranks that were not.
    const table = this.#builder.table(isCut ? this.#builder.completeNs : Infinity);
    return {
      run: this.#run,
      spans: await encodeSpans(table),
      ...(isCut ? { cutFromNs: this.#endNs } : {}),
    };
  }
}
