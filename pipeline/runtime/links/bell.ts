/** Nanoseconds of a clock that is the same in all threads of the process. */
export function nowNs(): number {
  return Number(process.hrtime.bigint());
}

const LOOKS_PER_CLOCK = 256;

type WaitAsync = (
  words: Int32Array,
  index: number,
  seen: number,
) => { async: false; value: string } | { async: true; value: Promise<string> };

// In Node since 16, in TypeScript's library only from es2024 on.
const waitAsync = (Atomics as unknown as { waitAsync: WaitAsync }).waitAsync;

/**
 * A word in shared memory that is rung when something has changed. Whoever waits reads `count` first, then looks
 * at what it waits for, and only then waits for the count to move: a ring in between is never missed.
 *
 * Waiting leaves the event loop free. It does not keep the process alive (see `Watchdog`).
 */
export class Bell {
  readonly #words: Int32Array;
  readonly #index: number;

  constructor(words: Int32Array, index: number) {
    this.#words = words;
    this.#index = index;
  }

  get count(): number {
    return Atomics.load(this.#words, this.#index);
  }

  ring(): void {
    Atomics.add(this.#words, this.#index, 1);
    Atomics.notify(this.#words, this.#index);
  }

  /** Resolves when the count is no longer `seen`; looks for `spinNs` before it sleeps. */
  async wait(seen: number, spinNs: number): Promise<void> {
    if (spinNs > 0 && this.#ringsWithin(seen, spinNs / 1e6)) return;
    const waiting = waitAsync(this.#words, this.#index, seen);
    if (waiting.async) await waiting.value;
  }

  /** Looks without sleeping; the clock is read seldom, since each reading makes garbage. */
  #ringsWithin(seen: number, ms: number): boolean {
    const until = performance.now() + ms;
    do {
      for (let look = 0; look < LOOKS_PER_CLOCK; look++) {
        if (this.count !== seen) return true;
      }
    } while (performance.now() < until);
    return false;
  }
}
