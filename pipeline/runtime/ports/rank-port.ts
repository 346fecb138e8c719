import type { Answer, Notice, RankSetup, Request } from '../rank/protocol.js';

/** Where a rank lives, seen from the host. */
export interface RankPort {
  readonly replica: number;
  readonly rank: number;
  /** 0 in the caller's own thread. */
  readonly threadId: number;
  /** Answers come in order; one request at a time. Rejects when the thread has ended or was never there. */
  request(request: Exclude<Request, { kind: 'open' }>): Promise<Answer>;
  open(): Promise<void>;
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

export type OpenRank = (setup: RankSetup, events: RankPortEvents) => RankPort;
