import { takeCoverage } from 'node:v8';
import fc from 'fast-check';
import { afterAll, inject } from 'vitest';

// One seed for all properties of a run; `SEED=…` repeats it.
fc.configureGlobal({ seed: inject('seed') });

// The runner ends its processes before Node would write what it has counted: see test/check/coverage.ts.
afterAll(() => {
  if (process.env['NODE_V8_COVERAGE']) takeCoverage();
});
