import { setTimeout as sleep } from 'node:timers/promises';
import { HubUnreachableError } from './hub-errors.js';

/** A connection may be silent for this share of the patience, so that there is time for another. */
const SILENCE = 1 / 3;

/**
 * How long a server is waited for: over all connections and the pauses between them, from the beginning or from the
 * last renewal. The time that the caller needs for what came does not count.
 */
export class Patience {
  readonly #limitMs: number;
  readonly #variable: string;
  readonly #signal: AbortSignal | undefined;
  #leftMs: number;

  /** @param variable what sets the limit */
  constructor(limitMs: number, variable: string, signal: AbortSignal | undefined) {
    this.#limitMs = limitMs;
    this.#leftMs = limitMs;
    this.#variable = variable;
    this.#signal = signal;
  }

  get leftMs(): number {
    return this.#leftMs;
  }

  get silenceMs(): number {
    return Math.min(this.#limitMs * SILENCE, this.#leftMs);
  }

  /** The server has shown that waiting is worth it. */
  renew(): void {
    this.#leftMs = this.#limitMs;
  }

  spend(ms: number): void {
    this.#leftMs -= ms;
  }

  /** @throws the signal's reason */
  async pause(ms: number): Promise<void> {
    this.spend(ms);
    await sleep(ms, undefined, this.#signal ? { signal: this.#signal } : {}).catch(() =>
      this.#signal?.throwIfAborted(),
    );
  }

  /** The wait for one connection, which begins now. */
  attempt(): Attempt {
    return new Attempt(this, this.#signal);
  }

  /** Why an attempt ends after its silence. */
  silent(): HubUnreachableError {
    const seconds = (ms: number): string => `${Number((ms / 1000).toPrecision(3))} s`;
    // Timers may come a little early.
    return this.#leftMs > 1
      ? new HubUnreachableError(`the server was silent for ${seconds(this.#limitMs * SILENCE)}`)
      : new HubUnreachableError(
          `no answer, or next to none, for ${seconds(this.#limitMs)} (${this.#variable} sets it)`,
        );
  }
}

/** The wait for one connection. Its signal aborts after silence, when the patience is over, or when the caller does. */
export class Attempt {
  readonly signal: AbortSignal;
  readonly #patience: Patience;
  readonly #controller = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #sinceMs: number | undefined;

  constructor(patience: Patience, signal: AbortSignal | undefined) {
    this.#patience = patience;
    this.signal = signal ? AbortSignal.any([signal, this.#controller.signal]) : this.#controller.signal;
    this.wait();
  }

  /** From now on the server is waited for. */
  wait(): void {
    this.stop();
    this.#sinceMs = performance.now();
    this.#timer = setTimeout(() => {
      this.stop();
      this.#controller.abort(this.#patience.silent());
    }, this.#patience.silenceMs);
  }

  /** Something came: what is done with it costs no patience. */
  stop(): void {
    clearTimeout(this.#timer);
    if (this.#sinceMs !== undefined) this.#patience.spend(performance.now() - this.#sinceMs);
    this.#sinceMs = undefined;
  }

  /** Ends whatever connection is still open. */
  end(): void {
    this.stop();
    this.#controller.abort();
  }
}
