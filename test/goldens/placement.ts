import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readCases } from '../conformance/case.js';
import { runCase } from '../conformance/run-case.js';
import type { Report } from './report.js';

/** Cases in the format of ../shared/conformance: where families' modules are put, and published configurations. */
const FILES = ['placement-cases.json', 'hub-configs.json'];

export function missing(dir: string): string | undefined {
  const isThere = FILES.some((file) => existsSync(join(dir, file)));
  return isThere ? undefined : `${dir} has neither ${FILES.join(' nor ')}`;
}

export async function run(dir: string, report: Report): Promise<void> {
  await Promise.resolve();
  for (const file of FILES.filter((name) => existsSync(join(dir, name)))) {
    for (const item of readCases(readFileSync(join(dir, file), 'utf8'))) {
      const { passed, expected, got } = runCase(item);
      report(`${file} ${item.name}`, passed ? undefined : `expected ${expected}, got ${got}`);
    }
  }
}
