import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { resolve } from 'node:path';

export interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

const CLI = resolve(import.meta.dirname, '../../dist/src/cli/main.js');

/** Runs the command line as a process of its own, as a user does. */
export function ipuPipeline(...args: string[]): Promise<Finished> {
  return ipuPipelineWith({}, ...args);
}

/** The same, with further variables in its environment. */
export function ipuPipelineWith(
  variables: Readonly<Record<string, string>>,
  ...args: readonly string[]
): Promise<Finished> {
  return new Promise((done, failed) => {
    const env = { ...process.env, ...variables };
    const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env });
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    child.on('error', failed);
    child.on('close', (code) => done({ code, stdout, stderr }));
  });
}

/** Starts the command line with an open stdin. */
export function startPipeline(...args: string[]): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [CLI, ...args]);
}
