import { InputError } from '../../ipu-config/base/errors.js';

/** A token that a tokenizer's files add to the vocabulary, or name beside it. */
export interface AddedToken {
  readonly content: string;
  /** Undefined where the file does not say: the vocabulary does. */
  readonly id?: number;
  /** Left out when decoding skips special tokens. */
  readonly special: boolean;
}

/**
 * The vocabulary with the pieces that come after its last line.
 * @param where the files, named in messages
 * @throws InputError when an id is another piece's, or ids have gaps
 */
export function withAddedTokens(
  pieces: readonly string[],
  added: readonly AddedToken[],
  where: string,
): string[] {
  const extended = [...pieces];
  const numbered = added.flatMap(({ content, id }) => (id === undefined ? [] : [{ content, id }]));
  for (const { content, id } of numbered.sort((a, b) => a.id - b.id)) {
    const there = extended[id];
    if (there === content) continue;
    if (there !== undefined) {
      throw new InputError(
        `${where}: id ${id} is ${JSON.stringify(there)} in the vocabulary, but the added token ${JSON.stringify(content)} claims it.`,
      );
    }
    if (id !== extended.length) {
      throw new InputError(
        `${where}: the added token ${JSON.stringify(content)} has id ${id}, but the next free one is ${extended.length}: a token between is missing.`,
      );
    }
    extended.push(content);
  }
  return extended;
}
