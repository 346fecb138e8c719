import { discardOutputs, unwritable } from '../../../ipu-config/base/files/output-file.js';

/** A command ends before its work is done: why, and with what exit code. */
export class Stopped extends Error {
  override readonly name = 'Stopped';
  readonly exitCode: number;
  /** Whether there is somebody to tell. */
  readonly isSilent: boolean;

  constructor(message: string, exitCode: number, isSilent = false) {
    super(message);
    this.exitCode = exitCode;
    this.isSilent = isSilent;
  }
}

/** As shells count: 128 and the signal's number. */
const SIGNALS = { SIGINT: 130, SIGTERM: 143 } as const;
type Signal = keyof typeof SIGNALS;

/** Who pressed Ctrl-C does not wait for longer; a reader of a pipe that has gone does not wait at all. */
const PATIENCE_MS = { signal: 700, output: 10_000 };

/**
 * The one way to end early: everything that a command waits for looks at this signal. Threads end in order, since
 * `process.exit` while ONNX Runtime computes in one of them would abort the process.
 */
const ending = new AbortController();
const lastMoments = new Set<() => void>();

/** The signal that Ctrl-C, SIGTERM and an output that can be written no more abort; a second Ctrl-C ends the process. */
export function abortOnInterrupt(): AbortSignal {
  for (const name of Object.keys(SIGNALS) as Signal[]) {
    if (process.listenerCount(name) === 0) process.once(name, onSignal);
  }
  return ending.signal;
}

/** Ctrl-C ends the process by itself again: for work that goes on without looking at a signal. */
export function endOnInterrupt(): void {
  for (const name of Object.keys(SIGNALS) as Signal[]) process.removeListener(name, onSignal);
}

/** What is done, and not waited for, where a process must end before its command has. */
export function atLastMoment(close: () => void): void {
  lastMoments.add(close);
}

/** Why the command ends early; undefined when it does not. */
export function stopped(): Stopped | undefined {
  return ending.signal.aborted ? (ending.signal.reason as Stopped) : undefined;
}

/** An output that can be written no more ends the command; without it there is no sense in going on. */
export function watchOutputs(): void {
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    // `… | head` has read what it wanted: that is no error. Nothing at all was read where nobody listens.
    const isRead = error.code === 'EPIPE' && (process.stdout as { bytesWritten?: number }).bytesWritten !== 0;
    const message = unwritable('stdout', error).message;
    stop(isRead ? new Stopped(message, 0, true) : new Stopped(message, 2), 'SIGTERM', PATIENCE_MS.output);
  });
  // What is said there is beside the result: the work goes on, unless nobody can have seen an error of it.
  process.stderr.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') process.exitCode = 2;
  });
}

/** Resolves when all that was printed is written, or cannot be. */
export async function printed(): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (stream.writableLength > 0) await new Promise<void>((done) => void stream.write('', () => done()));
    // An error is told after the callback.
    await new Promise((done) => setImmediate(done));
  }
}

function onSignal(name: NodeJS.Signals): void {
  stop(new Stopped(`stopped by ${name}`, SIGNALS[name as Signal]), name as Signal, PATIENCE_MS.signal);
}

function stop(reason: Stopped, signal: Signal, patienceMs: number): void {
  if (ending.signal.aborted) return;
  ending.abort(reason);
  setTimeout(() => {
    for (const close of lastMoments) close();
    discardOutputs();
    // By the signal itself: it is not held up by a thread that computes.
    endOnInterrupt();
    process.kill(process.pid, signal);
  }, patienceMs).unref();
}
