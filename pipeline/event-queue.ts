/**
 * Events in order of time; those of the same time in the order in which they were added, so that the same input
 * gives the same run. A binary heap over flat arrays: times are integers, an event is a number of the caller's.
 */
export class EventQueue {
  readonly #times: number[] = [];
  readonly #sequences: number[] = [];
  readonly #events: number[] = [];
  #added = 0;

  get size(): number {
    return this.#times.length;
  }

  /** Time of the next event; only while `size > 0`. */
  get nextTime(): number {
    return this.#times[0]!;
  }

  add(time: number, event: number): void {
    let at = this.#times.length;
    this.#set(at, time, this.#added++, event);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isBefore(at, parent)) break;
      this.#swap(at, parent);
      at = parent;
    }
  }

  /** Takes the next event; only while `size > 0`. */
  take(): number {
    const event = this.#events[0]!;
    const last = this.#times.length - 1;
    this.#swap(0, last);
    this.#times.pop();
    this.#sequences.pop();
    this.#events.pop();
    let at = 0;
    for (;;) {
      let least = at;
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < last && this.#isBefore(child, least)) least = child;
      }
      if (least === at) return event;
      this.#swap(at, least);
      at = least;
    }
  }

  #isBefore(a: number, b: number): boolean {
    const difference = this.#times[a]! - this.#times[b]!;
    return difference < 0 || (difference === 0 && this.#sequences[a]! < this.#sequences[b]!);
  }

  #set(at: number, time: number, sequence: number, event: number): void {
    this.#times[at] = time;
    this.#sequences[at] = sequence;
    this.#events[at] = event;
  }

  #swap(a: number, b: number): void {
    for (const column of [this.#times, this.#sequences, this.#events]) {
      const value = column[a]!;
      column[a] = column[b]!;
      column[b] = value;
    }
  }
}
