import { readFile } from 'node:fs/promises';
import { InternalError } from '../../../ipu-config/base/errors.js';

/** A page that the build has made from `src/report/page`: styles and program in it, and an empty element for data. */
export interface PageTemplate {
  readonly file: URL;
  /** The element's. */
  readonly id: string;
}

/** One self-contained page: it needs no network and works from disk. @param title without the program's name */
export async function filledPage({ file, id }: PageTemplate, data: object, title: string): Promise<string> {
  const start = `<script type="application/json" id="${id}">`;
  const end = '</script>';
  const template = await readFile(file, 'utf8');
  const at = template.indexOf(start + end);
  if (at === -1) throw new InternalError(`the page ${file.pathname} has no place for data`);
  const text = `<title>${escapeHtml(`${title} – ipu-pipeline`)}</title>`;
  const head = template.slice(0, at).replace(/<title>.*?<\/title>/, () => text);
  return `${head}${start}${scriptSafe(JSON.stringify(data))}${end}${template.slice(at + start.length + end.length)}`;
}

/** JSON that no text in it can end the script element of: `<` only occurs within strings, where it may be escaped. */
function scriptSafe(json: string): string {
  return json.replaceAll('<', '\\u003c');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
