import { existsSync } from 'node:fs';
import { join } from 'node:path';
import * as generated from './generated-models.js';
import type { Report, Skip } from './report.js';
import * as stored from './stored-models.js';

const NOTHING = (): void => undefined;

/** Every model golden of a directory laid out as ../shared/bert or ../shared/families, on the executors. */
export async function run(dir: string, report: Report, skip: Skip = NOTHING): Promise<void> {
  await stored.run(dir, report, skip);
  if (existsSync(join(dir, generated.FOLDER))) await generated.run(dir, report, skip);
}

export function missing(dir: string): string | undefined {
  if (stored.folders(dir).length > 0 || existsSync(join(dir, generated.FOLDER))) return undefined;
  return `${dir} has no goldens of models`;
}
