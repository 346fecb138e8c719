import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { resolve } from 'node:path';
import type { Finished } from './run.js';

/**
 * The command line as one process that runs it again and again: for many calls that end before any work begins, of
 * which each would cost the start of a process. How a process ends is tested elsewhere.
 */
export class ManyRuns {
  #child: ChildProcess | undefined;

  /** @throws Error when a run takes longer; the next one has a new process */
  async run(args: readonly string[], mostMs: number): Promise<Finished> {
    const child = (this.#child ??= start());
    const asked = `ipu-pipeline ${args.join(' ').slice(0, 200)}`;
    const over = new AbortController();
    const timer = setTimeout(() => over.abort(), mostMs);
    try {
      child.send(args);
      const ended = once(child, 'exit', { signal: over.signal }).then(([code]) => {
        this.#child = undefined;
        throw new Error(`${asked}: the process ended with ${code}`);
      });
      const answered = once(child, 'message', { signal: over.signal });
      const [finished] = (await Promise.race([answered, ended])) as [Finished];
      return finished;
    } catch (error) {
      await this.end();
      throw over.signal.aborted ? new Error(`${asked}: still running after ${mostMs} ms`) : error;
    } finally {
      clearTimeout(timer);
      over.abort();
    }
  }

  async end(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (!child || child.exitCode !== null) return;
    const gone = once(child, 'exit');
    child.disconnect();
    const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
    await gone;
    clearTimeout(timer);
  }
}

function start(): ChildProcess {
  const file = resolve(import.meta.dirname, 'many-runs-child.ts');
  return fork(file, { execArgv: ['--import', 'tsx'] });
}
