import { VERSION } from '../../ipu-config/base/files/version.js';
import { HubStatusError, HubUnreachableError, isTransient, networkReason } from './hub-errors.js';
import type { Environment, HubSettings } from './hub-settings.js';
import { Patience } from './patience.js';
import { proxiedFetch, type Fetch, type ProxiedFetch } from './proxy.js';
import { Question } from './question.js';

/** Attempts to ask the hub something before it counts as out of reach. */
const ASK_ATTEMPTS = 3;
const MAX_REDIRECTS = 10;
const MAX_RETRY_AFTER_MS = 60_000;

/**
 * Requests to the hub and to the servers that it sends us to. The token goes to the hub's own origin and nowhere
 * else, whatever is redirected or linked to.
 */
export class HubClient {
  readonly settings: HubSettings;
  readonly #origin: string;
  readonly #network: ProxiedFetch;
  readonly #signal: AbortSignal | undefined;

  constructor(settings: HubSettings, network: ProxiedFetch, signal: AbortSignal | undefined) {
    this.settings = settings;
    this.#origin = new URL(settings.endpoint).origin;
    this.#network = network;
    this.#signal = signal;
  }

  /** @throws InputError when a proxy of the environment has no valid address */
  static async open(settings: HubSettings, env: Environment, signal?: AbortSignal): Promise<HubClient> {
    return new HubClient(settings, await proxiedFetch(env), signal);
  }

  /**
   * One request, with redirects.
   * @throws HubStatusError for every status that is no success, HubUnreachableError when there is no answer
   */
  async request(address: string, init: RequestInit, onHop?: (response: Response) => void): Promise<Response> {
    let url: URL = new URL(address);
    for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
      const response = await this.#once(url, init);
      onHop?.(response);
      const location = response.headers.get('location');
      if (response.status < 300 || response.status > 399 || location === null) {
        if (response.ok) return response;
        await drop(response);
        throw new HubStatusError(response, url, url.origin === this.#origin);
      }
      await drop(response);
      const next = URL.canParse(location, url.href) ? new URL(location, url) : undefined;
      if (!next || !['http:', 'https:'].includes(next.protocol)) {
        throw new HubUnreachableError(`${url.origin} redirects to an address that is none`);
      }
      url = next;
    }
    throw new HubUnreachableError(`${url.origin} redirects more than ${MAX_REDIRECTS} times`);
  }

  /**
   * Asks the hub something, again after transient failures and each time after twice the wait; all of it within the
   * time that a question may take.
   * @throws the last failure; at once the signal's reason, and what is not transient
   */
  async ask<T>(model: string, firstWaitMs: number, call: (fetch: Fetch) => Promise<T>): Promise<T> {
    const patience = new Patience(this.settings.askTimeoutMs, 'HF_HUB_ETAG_TIMEOUT', this.#signal);
    for (let number = 1; ; number++) {
      const attempt = patience.attempt();
      try {
        return await call(new Question(this, model, attempt).fetch);
      } catch (caught) {
        attempt.stop();
        const error = this.failure(caught);
        if (number >= ASK_ATTEMPTS || !isTransient(error)) throw error;
        await this.pause(patience, firstWaitMs * 2 ** (number - 1), error);
      } finally {
        attempt.end();
      }
    }
  }

  /**
   * Waits before another attempt, as long as the server asks for, within bounds.
   * @throws what it waits after, when there is no time for another attempt
   */
  async pause(patience: Patience, ms: number, after: unknown): Promise<void> {
    const asked = after instanceof HubStatusError ? (after.retryAfterMs ?? 0) : 0;
    const waitMs = Math.max(ms, Math.min(asked, MAX_RETRY_AFTER_MS));
    if (waitMs >= patience.leftMs) throw after;
    await patience.pause(waitMs);
  }

  /** What went wrong in our own terms: the caller's abort as such, and every trouble with the network as one. */
  failure(error: unknown): unknown {
    if (this.#signal?.aborted) return this.#signal.reason;
    // undici says TypeError for whatever happens to a connection.
    if (error instanceof TypeError) return new HubUnreachableError(networkReason(error), { cause: error });
    return error;
  }

  async close(): Promise<void> {
    await this.#network.close();
  }

  async #once(url: URL, init: RequestInit): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.delete('authorization');
    headers.set('user-agent', `ipu-pipeline/${VERSION}`);
    const { token } = this.settings;
    if (token && url.origin === this.#origin) headers.set('authorization', `Bearer ${token.value}`);
    const options = { ...init, headers: Object.fromEntries(headers), redirect: 'manual' } as const;
    return this.#network.fetch(url.href, options).catch((error: unknown) => {
      throw this.failure(error);
    });
  }
}

/** Lets the connection go; what a server has to say beside a status is not used. */
async function drop(response: Response): Promise<void> {
  await response.body?.cancel().catch(() => undefined);
}
