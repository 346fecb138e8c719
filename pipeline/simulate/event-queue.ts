/**
 * Events in order of time; those of the same time in the order in which they were added, so that the same input
 * gives the same run. A binary heap over flat arrays: times are integers, an event is a number of the caller's.
 */
export class EventQueue {
  #times = new Float64Array(64);
  #sequences = new Float64Array(64);
  #events = new Float64Array(64);
  #size = 0;
  #added = 0;

  get size(): number {
    return this.#size;
  }

  /** Time of the next event; only while `size > 0`. */
  get nextTime(): number {
    return this.#times[0]!;
  }

  add(time: number, event: number): void {
    if (this.#size === this.#times.length) this.#grow();
    const sequence = this.#added++;
    let at = this.#size++;
    // A new event has the highest sequence of all: only an earlier time lets it pass.
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (this.#times[parent]! <= time) break;
      this.#move(parent, at);
      at = parent;
    }
    this.#put(at, time, sequence, event);
  }

  /** Takes the next event; only while `size > 0`. */
  take(): number {
    const taken = this.#events[0]!;
    const last = --this.#size;
    const [time, sequence, event] = [this.#times[last]!, this.#sequences[last]!, this.#events[last]!];
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= last) break;
      if (child + 1 < last && this.#isBefore(child + 1, this.#times[child]!, this.#sequences[child]!)) {
        child++;
      }
      if (!this.#isBefore(child, time, sequence)) break;
      this.#move(child, at);
      at = child;
    }
    this.#put(at, time, sequence, event);
    return taken;
  }

  #isBefore(at: number, time: number, sequence: number): boolean {
    const own = this.#times[at]!;
    return own < time || (own === time && this.#sequences[at]! < sequence);
  }

  #move(from: number, to: number): void {
    this.#put(to, this.#times[from]!, this.#sequences[from]!, this.#events[from]!);
  }

  #put(at: number, time: number, sequence: number, event: number): void {
    this.#times[at] = time;
    this.#sequences[at] = sequence;
    this.#events[at] = event;
  }

  #grow(): void {
    const larger = (old: Float64Array): Float64Array<ArrayBuffer> => {
      const grown = new Float64Array(2 * old.length);
      grown.set(old);
      return grown;
    };
    this.#times = larger(this.#times);
    this.#sequences = larger(this.#sequences);
    this.#events = larger(this.#events);
  }
}
