/** Words in a generation; two are kept. */
const GENERATION = 2 ** 15;
/** Longer words do not come again. */
const LONGEST = 32;

/** What was worked out for words, as long as they were asked for lately: of bounded size. */
export class WordCache<T> {
  #young = new Map<string, T>();
  #old = new Map<string, T>();

  get(word: string): T | undefined {
    if (word.length > LONGEST) return undefined;
    const known = this.#young.get(word);
    if (known !== undefined) return known;
    const older = this.#old.get(word);
    if (older !== undefined) this.set(word, older);
    return older;
  }

  set(word: string, value: T): void {
    if (word.length > LONGEST) return;
    if (this.#young.size === GENERATION) [this.#old, this.#young] = [this.#young, new Map<string, T>()];
    // A part of a text would keep the whole text in memory: this is a copy.
    this.#young.set(word.split('').join(''), value);
  }
}
