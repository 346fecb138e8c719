import * as v from 'valibot';

/** BertNormalizer's fields in our words. */
export const bertNormalizerSchema = v.pipe(
  v.object({
    clean_text: v.boolean(),
    handle_chinese_chars: v.boolean(),
    strip_accents: v.optional(v.nullable(v.boolean())),
    lowercase: v.boolean(),
  }),
  v.transform(({ clean_text, handle_chinese_chars, strip_accents, lowercase }) => ({
    cleanText: clean_text,
    splitIdeographs: handle_chinese_chars,
    stripAccents: strip_accents ?? lowercase,
    lowerCase: lowercase,
  })),
);
