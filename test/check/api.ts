import { mkdirSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { CompilerState, Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { entries } from './entries.js';

/**
 * The API of each public entry as a report in `api/`: this compares them with what `dist` gives, or, with `--write`,
 * writes them anew. A difference fails: what users see is changed on purpose, and seen in a review.
 */
const root = resolve(import.meta.dirname, '../..');
const write = process.argv.includes('--write');
const work = resolve(root, 'dist/api');
for (const folder of [work, resolve(root, 'api')]) mkdirSync(folder, { recursive: true });

const configs = entries(root)
  .filter(({ name }) => name !== 'internals')
  .map(({ name, types }) =>
    ExtractorConfig.prepare({
      configObject: {
        projectFolder: root,
        mainEntryPointFilePath: types,
        compiler: {
          overrideTsconfig: {
            compilerOptions: {
              module: 'nodenext',
              target: 'es2022',
              lib: ['es2023'],
              types: ['node'],
              skipLibCheck: true,
            },
            files: [types],
          },
        },
        apiReport: {
          enabled: true,
          reportFileName: `${name}.api.md`,
          reportFolder: resolve(root, 'api'),
          reportTempFolder: work,
          includeForgottenExports: false,
        },
        newlineKind: 'lf',
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        messages: {
          extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
          tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        },
      },
      configObjectFullPath: undefined,
      packageJsonFullPath: resolve(root, 'package.json'),
    }),
  );

const compilerState = CompilerState.create(configs[0]!, {
  additionalEntryPoints: configs.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
});
const changed = configs.filter((config) => {
  const result = Extractor.invoke(config, {
    compilerState,
    localBuild: write,
    messageCallback: (message) => {
      // The compiler's own version is said on every run, and what differs is said below.
      message.handled = message.logLevel !== ExtractorLogLevel.Error;
    },
  });
  return result.apiReportChanged && !write;
});
for (const { reportFilePath } of changed) {
  console.error(
    `api/${basename(reportFilePath)} differs from what the code gives: npm run api, look, and commit it.`,
  );
}
process.exitCode = changed.length > 0 ? 1 : 0;
