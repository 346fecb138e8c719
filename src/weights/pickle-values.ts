/** A Python name that a pickle refers to, such as `torch.FloatStorage`. */
export class PickleGlobal {
  readonly name: string;

  constructor(module: string, name: string) {
    this.name = `${module}.${name}`;
  }
}

/** A dict or OrderedDict; lists and tuples are arrays. */
export class PickleDict {
  readonly entries = new Map<unknown, unknown>();
}

/** What a reader of pickles allows beyond plain values. Each call may throw a CheckpointError. */
export interface PickleRules {
  /** May the pickle name this? Nothing is ever looked up or run. */
  allows(global: PickleGlobal): boolean;
  /** The value of `callable(*args)`, for a callable that was allowed. */
  call(callable: PickleGlobal, args: readonly unknown[]): unknown;
  /** The value that a persistent id stands for. */
  persistent(id: unknown): unknown;
}
