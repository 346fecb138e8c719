import { writeOutput } from '../../../ipu-config/base/files/output-file.js';
import { filledPage, type PageTemplate } from './page-template.js';
import type { ReportData } from '../data/report-data.js';

const TEMPLATE: PageTemplate = {
  file: new URL('../../../page/report.html', import.meta.url),
  id: 'report-data',
};

/** One self-contained page: it needs no network and works from disk. */
function reportHtml(data: ReportData): Promise<string> {
  return filledPage(TEMPLATE, data, data.title);
}

/** @throws InputError when the file cannot be written */
export async function writeReport(path: string, data: ReportData): Promise<void> {
  writeOutput(path, await reportHtml(data));
}
