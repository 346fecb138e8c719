import type { Replica } from '../links/replica.js';
import type { Answer, Notice, RankSetup, Request } from '../rank/protocol.js';

/** How a rank is reached, seen from the host. */
export interface RankPort {
  /** 0 in the caller's own thread. */
  readonly threadId: number;
  open(): Promise<void>;
  /** Answers come in order; one request at a time. Rejects when the thread has ended or was never there. */
  request(request: Request): Promise<Answer>;
  /** What a `failed` answer threw, as close to the original as it can be. */
  thrownBy(answer: Extract<Answer, { kind: 'failed' }>): unknown;
  /** Delivers every notice that was sent before the last answer. */
  flushNotices(): void;
  /** Ends the thread whatever it does. @returns false when it has not ended within the bound. */
  terminate(boundMs: number): Promise<boolean>;
}

export interface RankPortEvents {
  readonly onNotice: (notice: Notice) => void;
  /** The thread has ended though nobody asked it to. */
  readonly onEnded: (reason: Error) => void;
}

/** Where the ranks of one replica live: the links between them, as the host sees them, and how to reach a rank. */
export interface Home {
  readonly replica: Replica;
  reach(setup: RankSetup, events: RankPortEvents): RankPort;
}
