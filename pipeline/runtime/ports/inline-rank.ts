import type { Answer, RankSetup, Request } from '../rank/protocol.js';
import type { RankPort, RankPortEvents } from './rank-port.js';
import { StageHost } from '../rank/stage-host.js';

/** A rank in the caller's thread: the same loop over the same slots, without a thread. */
export class InlineRank implements RankPort {
  readonly replica: number;
  readonly rank: number;
  readonly threadId = 0;
  readonly #host: StageHost;
  #letGo = false;

  constructor(setup: RankSetup, { onNotice }: RankPortEvents) {
    this.replica = setup.replica;
    this.rank = setup.rank;
    // Looking at a bell that only this thread can ring is a waste.
    this.#host = new StageHost({ ...setup, spinNs: 0 }, onNotice);
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  async request(request: Exclude<Request, { kind: 'open' }>): Promise<Answer> {
    const answer = await this.#host.answer(request);
    // A stage that was still loading when the pipeline gave up on it.
    if (this.#letGo) await this.#host.answer({ kind: 'dispose' });
    return answer;
  }

  thrownBy(): unknown {
    return this.#host.fault?.thrown;
  }

  flushNotices(): void {
    // They were delivered as they were made.
  }

  /** A promise that never settles cannot be ended: it is let go. */
  terminate(): Promise<boolean> {
    this.#letGo = true;
    return Promise.resolve(true);
  }
}
