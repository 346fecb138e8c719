import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a probe found, or why it found nothing. */
export type Probed<T> = { readonly facts: T } | { readonly fault: string };

/** Drivers take seconds to start on machines with many GPUs. */
export const PROBE_TIMEOUT_MS = 20_000;

/**
 * Runs a module that prints JSON as a process of its own, for at most `timeoutMs`: native libraries may crash or
 * hang, and Vulkan's loader writes warnings to the terminal.
 */
export function runProbe<T>(module: URL, timeoutMs = PROBE_TIMEOUT_MS): Promise<Probed<T>> {
  return new Promise((done) => {
    const options = { timeout: timeoutMs, killSignal: 'SIGKILL', maxBuffer: 1 << 20 } as const;
    execFile(process.execPath, [fileURLToPath(module)], options, (error, stdout, stderr) => {
      if (error?.killed) return done({ fault: `no answer within ${timeoutMs / 1000} s` });
      if (error?.signal) return done({ fault: `ended by ${error.signal}` });
      try {
        done({ facts: JSON.parse(stdout.trim().split('\n').at(-1)!) as T });
      } catch {
        done({ fault: lastLine(stderr) || error?.message || 'it said nothing' });
      }
    });
  });
}

/** Of a stack trace: the line that names the error. */
function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.find((line) => /^\w*Error\b/.test(line)) ?? lines.find((line) => line !== '') ?? '';
}
