import { statSync } from 'node:fs';
import * as byteLevel from './byte-level.js';
import * as models from './models.js';
import * as placement from './placement.js';
import * as qa from './qa.js';
import * as squadMetrics from './squad-metrics.js';
import * as tokenizer from './tokenizer.js';
import * as tokenizerJson from './tokenizer-json.js';
import type { GoldenModule } from './report.js';

/** Add a module here and `npm run goldens` runs it. */
const MODULES: Readonly<Record<string, GoldenModule>> = {
  models,
  placement,
  tokenizer,
  tokenizerJson,
  byteLevel,
  qa,
  squadMetrics,
};

process.exitCode = await main(process.argv.slice(2));

/** `npm run goldens -- DIR`: 0 when all pass, 1 when one fails or nothing ran, 2 when DIR is no directory. */
async function main([dir, ...rest]: string[]): Promise<number> {
  if (!dir || rest.length > 0) {
    console.error(
      'usage: npm run goldens -- DIR, a directory laid out as ../shared/bert or ../shared/families',
    );
    return 2;
  }
  if (!statSync(dir, { throwIfNoEntry: false })?.isDirectory()) {
    console.error(`goldens: ${dir} is not a directory.`);
    return 2;
  }
  let passed = 0;
  let failed = 0;
  for (const [name, module] of Object.entries(MODULES)) {
    const skip = (what: string, why: string): void => console.log(`skipped ${name}: ${what}: ${why}`);
    const report = (what: string, error?: string): void => {
      if (error === undefined) passed++;
      else {
        failed++;
        console.log(`FAILED ${name}: ${what}: ${error}`);
      }
    };
    const why = module.missing(dir);
    if (why !== undefined) {
      skip('all', why);
      continue;
    }
    try {
      await module.run(dir, report, skip);
    } catch (error) {
      report('run', error instanceof Error ? error.message : String(error));
    }
  }
  if (passed + failed === 0) console.log('nothing was run: the directory holds none of the known goldens');
  console.log(`${passed} passed, ${failed} failed`);
  return failed > 0 || passed === 0 ? 1 : 0;
}
