import { readFile, writeFile } from 'node:fs/promises';
import { InputError, InternalError } from '../../ipu-config/errors.js';
import type { ReportData } from './report-data.js';

/** Made by the build from `src/page`: a page with styles and program in it, and a place for the data. */
const TEMPLATE = new URL('../../page/report.html', import.meta.url);

/** Where the template takes the data. */
const PLACE_START = '<script type="application/json" id="report-data">';
const PLACE_END = '</script>';

/** One self-contained page: it needs no network and works from disk. */
export async function reportHtml(data: ReportData): Promise<string> {
  const template = await readFile(TEMPLATE, 'utf8');
  const at = template.indexOf(PLACE_START + PLACE_END);
  if (at === -1) throw new InternalError('the page of reports has no place for data');
  const title = escapeHtml(`${data.title} – ipu-pipeline`);
  const head = template.slice(0, at).replace(/<title>.*?<\/title>/, () => `<title>${title}</title>`);
  const element = `${PLACE_START}${scriptSafe(JSON.stringify(data))}${PLACE_END}`;
  return head + element + template.slice(at + PLACE_START.length + PLACE_END.length);
}

/** @throws InputError when the file cannot be written */
export async function writeReport(path: string, data: ReportData): Promise<void> {
  const html = await reportHtml(data);
  await writeFile(path, html).catch((error: unknown) => {
    throw new InputError(
      `cannot write the report to ${path}: ${(error as Error).message}. Give a file in a folder that exists.`,
    );
  });
}

/** JSON that no text in it can end the script element of: `<` only occurs within strings, where it may be escaped. */
function scriptSafe(json: string): string {
  return json.replaceAll('<', '\\u003c');
}

function escapeHtml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
