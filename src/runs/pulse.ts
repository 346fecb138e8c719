/** Lets loops of one thread wait for each other: `wait` resolves at the next `beat`. */
export class Pulse {
  #waiting: (() => void)[] = [];

  beat(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const wake of waiting) wake();
  }

  wait(): Promise<void> {
    return new Promise((wake) => this.#waiting.push(wake));
  }
}
