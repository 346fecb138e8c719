import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const script = fileURLToPath(new URL('../fixtures/script.mjs', import.meta.url));

describe.each(['threads', 'inline'])(
  'A process with a pipeline (%s) ends by itself, quietly, when it was',
  (threads) => {
    it.each([
      'closed',
      'never closed',
      'broken off',
      'failed at start',
      'hung at run',
      'failed at run and nobody looks',
      'aborted',
    ])('%s', async (what) => {
      // Rejects when the process fails, or has to be killed because it does not end.
      const { stdout, stderr } = await promisify(execFile)(process.execPath, [script, what, threads], {
        timeout: 30_000,
        killSignal: 'SIGKILL',
      });
      expect(stderr).toBe('');
      const idle = ['never closed', 'broken off'].includes(what);
      if (idle) expect(stdout).toMatch(/^done: /);
      else expect(stdout).toBe('done: []\n');
    });
  },
);
