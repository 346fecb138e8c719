/** Lets loops of one thread wait for each other: `wait` resolves at the next `beat`. */
export class Pulse {
  #waiting: (() => void)[] = [];

  beat(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  /** @param withinMs no bound when absent */
  async wait(withinMs?: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    await new Promise<void>((wake) => {
      this.#waiting.push(wake);
      if (withinMs !== undefined) timer = setTimeout(() => this.beat(), withinMs);
    });
    clearTimeout(timer);
  }
}
