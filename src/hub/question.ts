import { InputError } from '../../ipu-config/base/errors.js';
import { bytes as inUnits } from '../../ipu-config/base/format.js';
import type { HubClient } from './hub-client.js';
import type { Attempt } from './patience.js';
import type { Fetch } from './proxy.js';

/** A page of a listing has up to 1000 files; models have some dozens. */
const MAX_REQUESTS = 100;
/** A thousand files take about 300 kB. */
const MAX_BYTES = 1 << 24;

/** One question to the hub: all of its pages, redirects and bodies, in bounds whatever the server sends. */
export class Question {
  readonly #client: HubClient;
  readonly #model: string;
  readonly #attempt: Attempt;
  #requests = 0;
  #bytes = 0;

  /** @param model what it is about */
  constructor(client: HubClient, model: string, attempt: Attempt) {
    this.#client = client;
    this.#model = model;
    this.#attempt = attempt;
  }

  /**
   * The fetch that `@huggingface/hub` is given: its bodies have arrived. The token is not passed to that library,
   * because it would send it wherever a page of a listing links to.
   */
  readonly fetch: Fetch = async (input, init) => {
    if (++this.#requests > MAX_REQUESTS) throw this.#endless(`${MAX_REQUESTS} pages`);
    const url = input instanceof Request ? input.url : String(input);
    this.#attempt.wait();
    const response = await this.#client.request(url, { ...init, signal: this.#attempt.signal }, () =>
      this.#attempt.wait(),
    );
    const { status, statusText, headers } = response;
    // Who asks for a range wants to know of the file, not to have it.
    const isAsking = new Headers(init?.headers).has('range');
    const body = isAsking ? undefined : await this.#bodyOf(response);
    if (isAsking) await response.body?.cancel().catch(() => undefined);
    this.#attempt.stop();
    return new Response(body?.length ? body : null, { status, statusText, headers });
  };

  async #bodyOf(response: Response): Promise<Buffer> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (response.body ?? []) as AsyncIterable<Uint8Array>) {
      this.#attempt.wait();
      this.#bytes += chunk.length;
      if (this.#bytes > MAX_BYTES) throw this.#endless(inUnits(MAX_BYTES));
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  }

  #endless(limit: string): InputError {
    return new InputError(
      `${this.#client.settings.endpoint} answers a question about ${this.#model} with more than ${limit}, which no ` +
        'model needs: is HF_ENDPOINT a Hugging Face hub?',
    );
  }
}
