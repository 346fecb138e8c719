import type { Replica } from '../links/replica.js';
import type { Answer, RankSetup, Request } from '../rank/protocol.js';
import { StageHost } from '../rank/stage-host.js';
import type { RankPort, RankPortEvents } from './rank-port.js';

/** A rank in the caller's thread: the same loop, without a thread. */
export class InlineRank implements RankPort {
  readonly threadId = 0;
  readonly #stages: RankSetup['stages'];
  readonly #host: StageHost;
  #letGo = false;

  constructor(setup: RankSetup, replica: Replica, { onNotice }: RankPortEvents) {
    this.#stages = setup.stages;
    this.#host = new StageHost(setup, replica, onNotice);
  }

  open(): Promise<void> {
    return Promise.resolve();
  }

  async request(request: Request): Promise<Answer> {
    const answer = await this.#host.answer(request);
    // A stage that was still loading when the pipeline gave up on it.
    if (this.#letGo)
      for (const { stage } of this.#stages) await this.#host.answer({ kind: 'dispose', stage });
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
