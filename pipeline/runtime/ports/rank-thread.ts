import { MessageChannel, receiveMessageOnPort, type MessagePort, type Worker } from 'node:worker_threads';
import { Piscina } from 'piscina';
import { InternalError } from '../../../ipu-config/base/errors.js';
import { withinMs } from '../../../ipu-config/base/bounded.js';
import type { Answer, Notice, Request } from '../rank/protocol.js';
import type { RankPort, RankPortEvents } from './rank-port.js';
import { describeThrown, rebuildThrown } from '../rank/thrown-value.js';
import type { OpenThread } from './stage-worker.js';

/** A rank in a thread of its own: a piscina pool of exactly one, because the rank owns its stages' weights. */
export class RankThread implements RankPort {
  readonly #setup: Omit<OpenThread, 'notices'>;
  readonly #events: RankPortEvents;
  readonly #pool: Piscina;
  readonly #worker: Worker;
  readonly #notices: MessagePort;
  readonly #noticesForWorker: MessagePort;
  readonly #exit: Promise<void>;
  #threadId = 0;
  #terminating = false;

  constructor(setup: Omit<OpenThread, 'notices'>, events: RankPortEvents) {
    this.#setup = setup;
    this.#events = events;
    this.#pool = new Piscina({
      filename: new URL('./stage-worker.js', import.meta.url).href,
      name: 'handle',
      minThreads: 1,
      maxThreads: 1,
      idleTimeout: Infinity,
      concurrentTasksPerWorker: 1,
      // Between two runs a stage may still have something to tidy up: its event loop stays free.
      atomics: 'disabled',
      recordTiming: false,
    });
    const worker = this.#pool.threads[0];
    if (worker === undefined) throw new InternalError('a pool of one thread has no thread');
    this.#worker = worker;
    const { port1, port2 } = new MessageChannel();
    this.#notices = port1;
    this.#noticesForWorker = port2;
    port1.on('message', (notice: Notice) => events.onNotice(notice)).unref();
    this.#exit = this.#watch();
  }

  get threadId(): number {
    return this.#threadId;
  }

  #watch(): Promise<void> {
    let uncaught: Error | undefined;
    // Piscina tells an uncaught error that no request was waiting for as an event of the pool.
    this.#pool.on('error', (error: Error) => (uncaught ??= error));
    return new Promise((resolve) => {
      this.#worker.once('error', (error: Error) => (uncaught ??= error));
      this.#worker.once('exit', (code) => {
        resolve();
        if (!this.#terminating)
          this.#events.onEnded(
            uncaught === undefined
              ? new Error(`its thread exited with code ${code}`)
              : rebuildThrown(describeThrown(uncaught)),
          );
      });
    });
  }

  async open(): Promise<void> {
    const request: OpenThread = { ...this.#setup, notices: this.#noticesForWorker };
    this.#threadId = (await this.#pool.run(request, { transferList: [this.#noticesForWorker] })) as number;
  }

  async request(request: Request): Promise<Answer> {
    return (await this.#pool.run(request)) as Answer;
  }

  thrownBy(answer: Extract<Answer, { kind: 'failed' }>): unknown {
    return rebuildThrown(answer.error);
  }

  flushNotices(): void {
    for (;;) {
      const received = receiveMessageOnPort(this.#notices) as { message: Notice } | undefined;
      if (received === undefined) return;
      this.#events.onNotice(received.message);
    }
  }

  async terminate(boundMs: number): Promise<boolean> {
    this.#terminating = true;
    const ended = await withinMs(boundMs, this.#end());
    this.#notices.close();
    return ended;
  }

  /** Piscina replaces a thread that has died by a new one: end until there is none. */
  async #end(): Promise<void> {
    await this.#pool.destroy();
    await this.#exit;
    while (this.#pool.threads.length > 0) await this.#pool.destroy();
  }
}
