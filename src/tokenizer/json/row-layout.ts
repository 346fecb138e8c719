import * as v from 'valibot';
import { InputError } from '../../../ipu-config/base/errors.js';
import { brief } from '../../../ipu-config/base/json-text.js';
import { bertLayout, PLAIN_LAYOUT, type RowLayout, type RowPart } from '../base/row-layout.js';
import { fitting } from '../tokenizer-files.js';
import { jsonPart, unknownType, type JsonPart } from './parts.js';

const whole = v.pipe(v.number(), v.integer(), v.minValue(0));

const piece = v.union([
  v.object({ Sequence: v.object({ id: v.picklist(['A', 'B']), type_id: whole }) }),
  v.object({ SpecialToken: v.object({ id: v.string(), type_id: whole }) }),
]);

const templates = v.object({
  single: v.array(piece),
  pair: v.array(piece),
  special_tokens: v.record(v.string(), v.object({ ids: v.array(whole) })),
});

const token = v.tuple([v.string(), whole]);
const bert = v.object({ cls: token, sep: token });

/**
 * The layout of rows that a `post_processor` describes.
 * @param where the file and the part
 * @throws InputError that names what is not known here, or what is wrong with it
 */
export function layoutOf(part: JsonPart, where: string): RowLayout {
  if (!part) return PLAIN_LAYOUT;
  if (part.type === 'TemplateProcessing') return templateLayout(fitting(templates, part, where), where);
  if (part.type === 'BertProcessing') {
    const { cls, sep } = fitting(bert, part, where);
    return bertLayout(cls[1], sep[1]);
  }
  if (part.type === 'Sequence') {
    const { processors } = fitting(v.object({ processors: v.array(jsonPart) }), part, where);
    if (processors.length === 1) return layoutOf(processors[0], where);
    throw new InputError(`${where} is a Sequence of ${processors.length}; only one of 1 is known here.`);
  }
  throw unknownType(where, part.type, ['TemplateProcessing', 'BertProcessing']);
}

function templateLayout(said: v.InferOutput<typeof templates>, where: string): RowLayout {
  const partOf = (one: v.InferOutput<typeof piece>): RowPart => {
    if ('Sequence' in one) return { text: one.Sequence.id === 'A' ? 0 : 1, typeId: one.Sequence.type_id };
    const { id, type_id: typeId } = one.SpecialToken;
    const found = Object.hasOwn(said.special_tokens, id) ? said.special_tokens[id] : undefined;
    if (found) return { ids: found.ids, typeId };
    throw new InputError(
      `${where} uses the special token ${brief(id)}, which its special_tokens do not have.`,
    );
  };
  const layout = { single: said.single.map(partOf), pair: said.pair.map(partOf) };
  const texts = (parts: readonly RowPart[]): number[] =>
    parts.flatMap((one) => ('text' in one ? [one.text] : [])).sort((a, b) => a - b);
  if (texts(layout.single).join() !== '0' || texts(layout.pair).join() !== '0,1') {
    throw new InputError(`${where} must have $A once in "single", and $A and $B once each in "pair".`);
  }
  return layout;
}
