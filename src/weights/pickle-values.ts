/** A Python name that a pickle refers to, such as `torch.FloatStorage`. */
export class PickleGlobal {
  readonly name: string;

  constructor(module: string, name: string) {
    this.name = `${module}.${name}`;
  }
}

const NO_ENTRIES: ReadonlyMap<unknown, unknown> = new Map();

/** A dict or OrderedDict; lists and tuples are arrays. Empty ones, of which there are many, take little memory. */
export class PickleDict {
  #entries: Map<unknown, unknown> | undefined;

  get entries(): ReadonlyMap<unknown, unknown> {
    return this.#entries ?? NO_ENTRIES;
  }

  set(key: unknown, value: unknown): void {
    (this.#entries ??= new Map()).set(key, value);
  }
}

/** A value that may stand beside tensors and that nobody looks at: a set, bytes, a device. */
export class PickleExtra {}

/** What a reader of pickles allows beyond plain values. Each call may throw a CheckpointError. */
export interface PickleRules {
  /** May the pickle name this? Nothing is ever looked up or run. */
  allows(global: PickleGlobal): boolean;
  /** The value of `callable(*args)`, for a callable that was allowed. */
  call(callable: PickleGlobal, args: readonly unknown[]): unknown;
  /** The value that a persistent id stands for. */
  persistent(id: unknown): unknown;
}
