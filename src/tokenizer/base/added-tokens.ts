import { InputError } from '../../../ipu-config/base/errors.js';
import { brief } from '../../../ipu-config/base/json-text.js';

/** A token that a tokenizer's files add to the vocabulary, or name beside it; it is found whole in a text. */
export interface AddedToken {
  readonly content: string;
  /** Undefined where the file does not say: the vocabulary does, or it is the next free one. */
  readonly id?: number;
  /** Left out when decoding skips special tokens. */
  readonly special: boolean;
  /** Looked for in the normalised text (and normalised itself), not in the raw one. */
  readonly normalized: boolean;
  /** Only found where no letter, digit, mark or `_` stands beside it. */
  readonly singleWord?: boolean;
  /** White space before it belongs to it. */
  readonly lstrip?: boolean;
  /** White space after it belongs to it. */
  readonly rstrip?: boolean;
}

export type NumberedToken = AddedToken & { readonly id: number };

export function specialToken(content: string): AddedToken {
  return { content, special: true, normalized: false };
}

/** Each token once, with the attributes that were given last; one that any of its entries calls special is. */
export function distinct(tokens: readonly AddedToken[]): AddedToken[] {
  const byContent = new Map<string, AddedToken>();
  for (const token of tokens) {
    const earlier = byContent.get(token.content);
    byContent.set(token.content, { ...token, special: token.special || (earlier?.special ?? false) });
  }
  return [...byContent.values()].filter(({ content }) => content !== '');
}

/**
 * Gives every added token its id: that of the vocabulary where it is a piece of it, else the next free one.
 * @param vocabulary ids of pieces; new tokens are put into it
 * @param where the files, named in messages
 * @throws InputError when a token claims another id, or the next free one is a piece's
 */
export function numberTokens(
  vocabulary: Map<string, number>,
  tokens: readonly AddedToken[],
  where: string,
): NumberedToken[] {
  let next = [...vocabulary.values()].reduce((most, id) => Math.max(most, id + 1), 0);
  const owner = new Map([...vocabulary].map(([piece, id]) => [id, piece]));
  return tokens.map((token) => {
    const { content } = token;
    const known = vocabulary.get(content);
    const id = known ?? next;
    const wanted = token.id ?? id;
    const there = owner.get(wanted);
    if (there !== undefined && there !== content) {
      throw new InputError(
        `${where}: id ${wanted} is ${brief(there)} in the vocabulary, but the added token ${brief(content)} claims it.`,
      );
    }
    if (wanted !== id) {
      throw new InputError(
        `${where}: the added token ${brief(content)} has id ${wanted}, but ` +
          (known === undefined
            ? `the next free one is ${next}: a token between is missing.`
            : `the vocabulary gives it id ${known}.`),
      );
    }
    if (known === undefined) {
      vocabulary.set(content, next);
      owner.set(next, content);
      next++;
    }
    return { ...token, id };
  });
}
