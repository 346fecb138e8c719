/** How the files of a model family may call a parameter otherwise than by its full name. */
export interface Spellings {
  /** A prefix of full names that files may leave out. */
  readonly prefix: string;
  /** Parameters that are tied: a file may hold one under the name of the other. */
  readonly tied: Readonly<Record<string, readonly string[]>>;
  /** Endings of names, and what older files have in their place. */
  readonly endings: Readonly<Record<string, string>>;
}

export const AS_NAMED: Spellings = { prefix: '', tied: {}, endings: {} };

/** The names under which files may store a parameter, most usual first. */
export function spellings(name: string, { prefix, tied, endings }: Spellings): string[] {
  const names = [name, ...(tied[name] ?? [])];
  const unprefixed = names.flatMap((n) =>
    prefix !== '' && n.startsWith(prefix) ? [n.slice(prefix.length)] : [],
  );
  const modern = [...names, ...unprefixed];
  const old = (n: string): string[] =>
    Object.entries(endings).flatMap(([ending, other]) =>
      n.endsWith(ending) ? [n.slice(0, -ending.length) + other] : [],
    );
  return [...modern, ...modern.flatMap(old)];
}
