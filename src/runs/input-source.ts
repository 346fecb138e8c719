/** Inputs one at a time, for a reader that does not wait for ever. */
export class InputSource<Input> {
  readonly #iterator: Iterator<Input> | AsyncIterator<Input>;
  /** A value that came too late for one call is the next call's. */
  #coming: Promise<IteratorResult<Input>> | undefined;
  #giveUp: (() => void) | undefined;

  constructor(inputs: Iterable<Input> | AsyncIterable<Input>) {
    this.#iterator =
      Symbol.asyncIterator in inputs ? inputs[Symbol.asyncIterator]() : inputs[Symbol.iterator]();
  }

  /**
   * @param withinMs no bound when absent
   * @returns undefined when nothing came within the bound, or before `cancel`
   * @throws what the iterator throws
   */
  async next(withinMs?: number): Promise<IteratorResult<Input> | undefined> {
    this.#coming ??= Promise.resolve(this.#iterator.next());
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      this.#giveUp = () => resolve(undefined);
      if (withinMs !== undefined) timer = setTimeout(this.#giveUp, withinMs);
    });
    try {
      const next = await Promise.race([this.#coming, late]);
      if (next !== undefined) this.#coming = undefined;
      return next;
    } finally {
      clearTimeout(timer);
      this.#giveUp = undefined;
    }
  }

  /** Ends the wait of `next`. */
  cancel(): void {
    this.#giveUp?.();
  }

  /** Tells the iterator that no more is wanted. */
  async close(): Promise<void> {
    // An iterator that owes a value would queue `return` behind it, perhaps for ever.
    if (this.#coming) this.#coming.catch(() => undefined);
    else await this.#iterator.return?.();
  }
}
