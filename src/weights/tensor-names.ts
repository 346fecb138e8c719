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

/** What every encoder has, once. */
const ANCHOR = 'embeddings.word_embeddings.weight';

/**
 * What stands before the names of a whole encoder that was saved inside of something else: `module.` (DataParallel),
 * `_orig_mod.` (torch.compile), `model.`, `0.auto_model.` (sentence-transformers), …; empty where nothing does.
 */
export function wrapperPrefix(names: Iterable<string>, { prefix }: Spellings): string {
  const all = [...names];
  const anchors = all.filter((name) => name === ANCHOR || name.endsWith(`.${ANCHOR}`));
  if (anchors.length !== 1) return '';
  const before = anchors[0]!.slice(0, -ANCHOR.length);
  const wrapper = before.endsWith(prefix) ? before.slice(0, before.length - prefix.length) : before;
  const isOfEncoder = (name: string): boolean => /(?:^|\.)(?:embeddings|layer)\./.test(name);
  return all.filter(isOfEncoder).every((name) => name.startsWith(wrapper)) ? wrapper : '';
}
