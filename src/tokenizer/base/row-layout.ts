/** A part of a row: one of the texts, or ids that are put there. */
export type RowPart =
  | { readonly text: 0 | 1; readonly typeId: number }
  | { readonly ids: readonly number[]; readonly typeId: number };

/** How texts and special tokens make a row (`post_processor` in tokenizer.json). */
export interface RowLayout {
  readonly single: readonly RowPart[];
  readonly pair: readonly RowPart[];
}

/** The texts alone, one after another. */
export const PLAIN_LAYOUT: RowLayout = {
  single: [{ text: 0, typeId: 0 }],
  pair: [
    { text: 0, typeId: 0 },
    { text: 1, typeId: 1 },
  ],
};

/** `[CLS] first [SEP]`, `[CLS] first [SEP] second [SEP]`. */
export function bertLayout(clsId: number, sepId: number): RowLayout {
  const single: RowPart[] = [
    { ids: [clsId], typeId: 0 },
    { text: 0, typeId: 0 },
    { ids: [sepId], typeId: 0 },
  ];
  return { single, pair: [...single, { text: 1, typeId: 1 }, { ids: [sepId], typeId: 1 }] };
}

/** `<s> first </s>`, `<s> first </s></s> second </s>`, and no types. */
export function robertaLayout(clsId: number, sepId: number): RowLayout {
  const added = (...ids: number[]): RowPart => ({ ids, typeId: 0 });
  const [first, second] = [0, 1].map((text): RowPart => ({ text: text as 0 | 1, typeId: 0 }));
  return {
    single: [added(clsId), first!, added(sepId)],
    pair: [added(clsId), first!, added(sepId, sepId), second!, added(sepId)],
  };
}

/** Tokens that a layout adds to its texts. */
export function addedByLayout(parts: readonly RowPart[]): number {
  return parts.reduce((sum, part) => sum + ('ids' in part ? part.ids.length : 0), 0);
}
