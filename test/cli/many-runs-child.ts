// Runs the command line once for each message, one after another, in one process: see many-runs.ts.
import { runCli } from 'ipu-pipeline/internals';

const streams = { stdout: process.stdout, stderr: process.stderr };
for (const one of [process, ...Object.values(streams)]) one.setMaxListeners(0);

let waiting = Promise.resolve();
process.on('message', (args: readonly string[]) => {
  waiting = waiting.then(() => run(args));
});

async function run(args: readonly string[]): Promise<void> {
  const printed = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    streams[name].write = (chunk: unknown, ...rest: unknown[]) => {
      printed[name] += String(chunk);
      const written = rest.findLast((one) => typeof one === 'function') as (() => void) | undefined;
      written?.();
      return true;
    };
  }
  process.exitCode = undefined;
  const code = await runCli(args);
  process.send!({ code, ...printed });
}
