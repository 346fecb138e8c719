import { setMaxListeners } from 'node:events';
import { InputError, IpuPipelineError } from '../../ipu-config/base/errors.js';
import type { BatchStream } from './batch-stream.js';
import { Pulse } from './pulse.js';
import { outputOf, type Outcome, type TaskRequest } from './request.js';

/** What may be said of one request. */
export interface SubmitOptions<Options = object> {
  /** The task's own, where they differ from the session's. */
  readonly options?: Options;
  /** Ends the wait with its reason. What has not begun never runs; what has is dropped when it comes out. */
  readonly signal?: AbortSignal;
  /** `wait` for room, in the order of the calls (when absent), or `refuse` with a `QueueFullError`. */
  readonly whenFull?: 'wait' | 'refuse';
}

/** How much has been taken and has not come out. */
export interface QueueLoad {
  readonly requests: number;
  readonly tokens: number;
  /** Most tokens that are taken. */
  readonly limitTokens: number;
  /** Requests that wait to be taken. */
  readonly waiting: number;
}

/** There is no room for a request that would not wait. */
export class QueueFullError extends IpuPipelineError {
  override readonly name = 'QueueFullError';
  readonly exitCode = 2;
  readonly load: QueueLoad;

  constructor(load: QueueLoad) {
    const { requests, tokens, limitTokens } = load;
    super(
      `the queue is full: ${requests} requests of ${tokens} tokens are under way, and it takes ${limitTokens}. ` +
        'Try again later, or raise queueTokens.',
    );
    this.load = load;
  }
}

interface Entry<Output> {
  readonly begin: () => TaskRequest<Output>;
  /** Tells the caller, the first time. */
  settle: (outcome: Outcome<Output>) => void;
  /** Made when it is the first that waits, so that what waits is no more than the caller's own input. */
  request?: TaskRequest<Output>;
}

/** Requests of many callers, of which no more than a number of tokens are under way at once. */
export class SubmitQueue<Input, Output> {
  readonly #stream: BatchStream;
  readonly #limit: number;
  /** For room, first come, first served. */
  readonly #waiting = new Set<Entry<Output>>();
  readonly #pulse = new Pulse();
  #requests = 0;
  #tokens = 0;
  #admitting = false;

  constructor(stream: BatchStream, limit: number) {
    this.#stream = stream;
    this.#limit = limit;
  }

  get load(): QueueLoad {
    const [requests, tokens] = [this.#requests, this.#tokens];
    return { requests, tokens, limitTokens: this.#limit, waiting: this.#waiting.size };
  }

  async submit(
    input: Input,
    begin: (input: Input) => TaskRequest<Output>,
    { signal, whenFull = 'wait' }: SubmitOptions,
  ): Promise<Output> {
    signal?.throwIfAborted();
    const entry: Entry<Output> = { begin: () => begin(input), settle: () => undefined };
    const outcome = new Promise<Outcome<Output>>((settle) => (entry.settle = settle));
    const onAbort = (): void => this.#cancel(entry, signal?.reason);
    if (signal) {
      // Many requests may share a signal, and each takes its listener away: Node need not warn of a leak.
      setMaxListeners(0, signal);
      signal.addEventListener('abort', onAbort);
    }
    this.#waiting.add(entry);
    this.#admit();
    if (whenFull === 'refuse' && this.#waiting.delete(entry)) {
      entry.settle({ failed: new QueueFullError(this.load) });
    }
    const settled = await outcome;
    signal?.removeEventListener('abort', onAbort);
    return outputOf(settled);
  }

  /** Resolves when nothing is under way, and nothing waits. */
  async empty(): Promise<void> {
    while (this.#requests > 0 || this.#waiting.size > 0) await this.#pulse.wait();
  }

  /** Refuses those that still wait. */
  close(reason: unknown): void {
    for (const { settle } of this.#waiting) settle({ failed: reason });
    this.#waiting.clear();
    this.#pulse.beat();
  }

  #admit(): void {
    // A request may be over as soon as it is taken, which makes room: the loop that takes it goes on anyway.
    if (this.#admitting) return;
    this.#admitting = true;
    for (const entry of this.#waiting) {
      const request = (entry.request ??= entry.begin());
      const isTooLarge = request.tokens > this.#limit;
      if (!isTooLarge && this.#tokens + request.tokens > this.#limit) break;
      this.#waiting.delete(entry);
      if (isTooLarge) entry.settle({ refused: tooLarge(request.tokens, this.#limit) });
      else this.#take(entry, request);
    }
    this.#admitting = false;
    this.#pulse.beat();
  }

  #take({ settle }: Entry<Output>, request: TaskRequest<Output>): void {
    this.#requests++;
    this.#tokens += request.tokens;
    request.onChange = () => {
      if (request.outcome) settle(request.outcome);
      if (!request.isGone) return;
      request.onChange = () => undefined;
      this.#requests--;
      this.#tokens -= request.tokens;
      this.#admit();
    };
    if (request.outcome) request.onChange();
    else this.#stream.add(request);
  }

  #cancel(entry: Entry<Output>, reason: unknown): void {
    if (this.#waiting.delete(entry)) {
      entry.settle({ failed: reason });
      this.#admit();
    } else if (entry.request) {
      entry.request.cancel(reason, this.#stream.drop(entry.request));
    }
  }
}

function tooLarge(tokens: number, limit: number): InputError {
  return new InputError(
    `the input has ${tokens} tokens in all its rows, more than the queue ever takes (${limit}): make it shorter, ` +
      'raise queueTokens, or give it to stream().',
  );
}
