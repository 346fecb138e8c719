import { spawn } from 'node:child_process';
import { resolve } from 'node:path';

const CLI = resolve(import.meta.dirname, '../../dist/src/cli/main.js');

/** How a process ended: its exit code, else the signal; and what it said on stderr. */
export interface Ending {
  readonly code: number | NodeJS.Signals | null;
  readonly stderr: string;
}

/**
 * `… | ipu-pipeline classify --input - --json | head -2`, with more lines to come: the reader goes while ONNX Runtime
 * computes.
 */
export function leaveAfterTwoLines(model: string): Promise<Ending> {
  return classify(model, (child) => child.stdout.destroy());
}

/** The same, and a signal instead of a reader that goes. */
export function interruptAfterTwoLines(model: string, signal: NodeJS.Signals): Promise<Ending> {
  return classify(model, (child) => child.kill(signal));
}

type Child = ReturnType<typeof spawn> & { stdout: NodeJS.ReadableStream & { destroy(): void } };

function classify(model: string, end: (child: Child) => void): Promise<Ending> {
  const args = [CLI, 'classify', '--model', model, '--input', '-', '--json'];
  const child = spawn(process.execPath, args) as Child;
  let lines = 0;
  let stderr = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const before = lines;
    lines += chunk.toString().split('\n').length - 1;
    if (before < 2 && lines >= 2) end(child);
  });
  child.stderr!.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  child.stdin!.on('error', () => undefined);
  child.stdin!.write('"the red fox jumps"\n'.repeat(20_000));
  return new Promise((done, failed) => {
    child.on('error', failed);
    child.on('close', (code, signal) => done({ code: code ?? signal, stderr }));
  });
}
