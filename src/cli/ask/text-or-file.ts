import { InputError } from '../../../ipu-config/base/errors.js';
import { isFile, readText } from '../../../ipu-config/base/files/read-text.js';
import { brief } from '../../../ipu-config/base/json-text.js';

/**
 * A text as given, or the content of the file that it names.
 * @param flag that gave it, without its dashes
 * @throws InputError for what looks like the name of a file and is none: else a typo would be taken for the text
 */
export async function textOrFile(text: string, flag: string): Promise<string> {
  if (await isFile(text)) return readText(text);
  if (!looksLikeFile(text)) return text;
  throw new InputError(
    `--${flag} ${brief(text)} looks like a file, but there is none of that name. Mend the name; if that is the text ` +
      'itself, give it as a line of --input.',
  );
}

/** One word with a separator in it, or an ending like `.txt`. */
function looksLikeFile(text: string): boolean {
  return !/\s/.test(text) && /[/\\]|[^.]\.[a-z][a-z0-9]{1,4}$/i.test(text);
}
