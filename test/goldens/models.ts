import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as generated from './generated-models.js';
import type { Report, Skip } from './report.js';
import * as stored from './stored-models.js';

const NOTHING = (): void => undefined;

/** Every model golden of a directory laid out as ../shared/bert, on the executors. */
export async function run(dir: string, report: Report, skip: Skip = NOTHING): Promise<void> {
  if (existsSync(join(dir, stored.FOLDER))) await stored.run(dir, report, skip);
  else skip(stored.FOLDER, 'it is not there');
  if (existsSync(join(dir, generated.FOLDER))) await generated.run(dir, report, skip);
  else skip(generated.FOLDER, 'it is not there');
}

export function missing(dir: string): string | undefined {
  const folders = [stored.FOLDER, generated.FOLDER];
  if (folders.some((folder) => existsSync(join(dir, folder)))) return undefined;
  return `${dir} has neither ${folders.join(' nor ')}`;
}
