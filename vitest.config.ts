import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // Pipelines start threads of their own: more than two test files at once starve each other on small machines.
    maxWorkers: 2,
    // Colours are on where CI is set, and would stand between the words that tests look for.
    env: { NO_COLOR: '1' },
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
