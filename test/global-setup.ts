import { randomInt } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { resolve } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Seed of every property test of this run. */
    seed: number;
  }
}

/** Draws the run's seed, or takes that of the environment, and says how to repeat the run. */
export function setup({ provide }: TestProject): void {
  const given = process.env['SEED'];
  const seed = given === undefined ? randomInt(2 ** 31) : Number(given);
  if (!Number.isInteger(seed)) throw new Error(`SEED=${given}: give a whole number.`);
  console.log(`Property tests with SEED=${seed}: set it in the environment to repeat this run.`);
  provide('seed', seed);
  if (process.env['COVERAGE']) countLines();
}

/** Node counts what runs, in each process and thread that the tests start: see test/check/coverage.ts. */
function countLines(): void {
  const raw = resolve(import.meta.dirname, '../coverage/raw');
  rmSync(raw, { recursive: true, force: true });
  mkdirSync(raw, { recursive: true });
  process.env['NODE_V8_COVERAGE'] = raw;
}
