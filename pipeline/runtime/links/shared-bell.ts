import type { Bell } from './control.js';

const LOOKS_PER_CLOCK = 256;

type WaitAsync = (
  words: Int32Array,
  index: number,
  seen: number,
) => { async: false; value: string } | { async: true; value: Promise<string> };

// In Node since 16, in TypeScript's library only from es2024 on.
const waitAsync = (Atomics as unknown as { waitAsync: WaitAsync }).waitAsync;

/** A word in shared memory. */
export class SharedBell implements Bell {
  readonly #words: Int32Array;
  readonly #index: number;
  readonly #spinMs: number;

  /** @param spinNs how long `wait` looks before it sleeps */
  constructor(words: Int32Array, index: number, spinNs: number) {
    this.#words = words;
    this.#index = index;
    this.#spinMs = spinNs / 1e6;
  }

  get count(): number {
    return Atomics.load(this.#words, this.#index);
  }

  ring(): void {
    Atomics.add(this.#words, this.#index, 1);
    Atomics.notify(this.#words, this.#index);
  }

  async wait(seen: number): Promise<void> {
    if (this.#spinMs > 0 && this.#ringsInTime(seen)) return;
    const waiting = waitAsync(this.#words, this.#index, seen);
    if (waiting.async) await waiting.value;
  }

  /** Looks without sleeping; the clock is read seldom, since each reading makes garbage. */
  #ringsInTime(seen: number): boolean {
    const until = performance.now() + this.#spinMs;
    do {
      for (let look = 0; look < LOOKS_PER_CLOCK; look++) {
        if (this.count !== seen) return true;
      }
    } while (performance.now() < until);
    return false;
  }
}
