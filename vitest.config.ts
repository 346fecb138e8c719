import { defineConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Test files of a minute: they start first, so that none of them runs alone at the end. */
const LONG = ['bert/bert-pipeline', 'cli/tasks', 'goldens/models', 'cli/eval-squad'];

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => {
      const at = LONG.findIndex((name) => moduleId.endsWith(`${name}.test.ts`));
      return at < 0 ? LONG.length : at;
    };
    return (await super.sort(files)).sort((a, b) => place(a) - place(b));
  }
}

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/global-setup.ts'],
    setupFiles: ['test/setup.ts'],
    sequence: { sequencer: LongFirst },
    // Pipelines start threads of their own: more than two test files at once starve each other on small machines.
    maxWorkers: 2,
    // Colours are on where CI is set, and would stand between the words that tests look for.
    env: { NO_COLOR: '1' },
    // The package is run as it is built, not through the runner's transformer.
    server: { deps: { external: [/\/node_modules\//, /\/dist\//] } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
