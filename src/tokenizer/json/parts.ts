import * as v from 'valibot';
import { InputError } from '../../../ipu-config/base/errors.js';
import { brief } from '../../../ipu-config/base/json-text.js';

/** A part of tokenizer.json that its `type` tells apart; null for none. */
export const jsonPart = v.optional(v.nullable(v.looseObject({ type: v.string() })));
export type JsonPart = v.InferOutput<typeof jsonPart>;

/**
 * @param where the file and the part
 * @param known the types that are read in this place
 */
export function unknownType(where: string, type: string, known: readonly string[]): InputError {
  return new InputError(
    `${where} is of the type ${brief(type)}, which is not known here; known are ${known.join(', ')}.`,
  );
}
