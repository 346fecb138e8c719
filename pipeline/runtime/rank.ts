import type { CallRow } from '../schedule/streamed.js';
import type { StageActivity, StageTrouble } from './failure.js';
import type { Control } from './links/control.js';
import type { Home, RankPort } from './ports/rank-port.js';
import type { Answer, Notice, RankSetup, Request } from './rank/protocol.js';
import { messageOf } from './rank/thrown-value.js';

interface RankEvents {
  readonly onNotice: (replica: number, notice: Notice) => void;
  readonly onTrouble: (trouble: StageTrouble) => void;
}

type Load = Extract<Answer, { kind: 'loaded' }>;

/** One rank of one replica, seen from the host: asks it, and turns whatever goes wrong into a `StageTrouble`. */
export class Rank {
  readonly replica: number;
  readonly rank: number;
  /** The stages that sit on it, in order. */
  readonly stages: readonly number[];
  readonly #row: CallRow;
  readonly #control: Control;
  readonly #port: RankPort;
  readonly #events: RankEvents;
  #pending: Promise<unknown> | undefined;
  #asked: Request | undefined;
  /** Its thread has ended, or will not answer any more. */
  #lost = false;

  constructor(setup: RankSetup, row: CallRow, home: Home, events: RankEvents) {
    this.replica = setup.replica;
    this.rank = setup.rank;
    this.stages = setup.stages.map(({ stage }) => stage);
    this.#row = row;
    this.#control = home.replica.control;
    this.#events = events;
    this.#port = home.reach(setup, {
      onNotice: (notice) => events.onNotice(setup.replica, notice),
      onEnded: (reason) => this.#lose(reason),
    });
  }

  get threadId(): number {
    return this.#port.threadId;
  }

  get lost(): boolean {
    return this.#lost;
  }

  /** Settles when the request that it is at, if any, is answered. */
  get settled(): Promise<unknown> {
    return this.#pending ?? Promise.resolve();
  }

  get busy(): boolean {
    return this.#pending !== undefined;
  }

  /** Loads its stages one after another; what goes wrong is told as trouble. */
  async load(onLoaded: (loaded: Load) => void): Promise<void> {
    const [first = 0] = this.stages;
    this.#asked = { kind: 'load', stage: first };
    try {
      await this.#track(this.#port.open());
    } catch (thrown) {
      return this.#lose(thrown);
    }
    for (const stage of this.stages) {
      if (this.#control.stopped) return;
      const answer = await this.#ask({ kind: 'load', stage });
      if (answer?.kind !== 'loaded') return;
      onLoaded(answer);
    }
  }

  /** @returns since when it has been idle; undefined when it failed, and the trouble has been told. */
  async run(runStartNs: number, observe: boolean): Promise<number | undefined> {
    this.#control.setStatus(this.rank, 'waiting', undefined, runStartNs);
    const answer = await this.#ask({ kind: 'run', order: this.#row, observe, runStartNs });
    return answer?.kind === 'ran' ? answer.idleSinceNs : undefined;
  }

  /** One stage after another, also after one that throws: whoever hangs is the one that was asked. */
  async dispose(): Promise<void> {
    for (const stage of this.stages) if (!this.#lost) await this.#ask({ kind: 'dispose', stage });
  }

  terminate(boundMs: number): Promise<boolean> {
    return this.#port.terminate(boundMs);
  }

  /** It has not answered within a bound: nothing more is expected of it. */
  giveUp(what: string): StageTrouble {
    this.#lost = true;
    return { ...this.#whereabouts(), what };
  }

  async #ask(request: Request): Promise<Answer | undefined> {
    this.#asked = request;
    let answer: Answer;
    try {
      answer = await this.#track(this.#port.request(request));
    } catch (thrown) {
      this.#lose(thrown);
      return undefined;
    }
    // They come through a port of their own, perhaps later than the answer that was sent after them.
    this.#port.flushNotices();
    if (answer.kind === 'failed') {
      const { stage, action } = answer;
      const cause = this.#port.thrownBy(answer);
      const what = `threw “${messageOf(cause)}”`;
      this.#events.onTrouble({ ...this.#whereabouts(), stage, action, what, cause });
    }
    this.#asked = undefined;
    return answer;
  }

  async #track<T>(pending: Promise<T>): Promise<T> {
    const settled = pending.then(
      () => undefined,
      () => undefined,
    );
    this.#pending = settled;
    try {
      return await pending;
    } finally {
      this.#pending = undefined;
    }
  }

  #lose(thrown: unknown): void {
    const first = !this.#lost;
    this.#lost = true;
    if (!first) return;
    const what = `ended unexpectedly (${messageOf(thrown)})`;
    this.#events.onTrouble({ ...this.#whereabouts(), what, cause: thrown });
  }

  #whereabouts(): Omit<StageTrouble, 'what' | 'cause'> {
    const activities: Record<string, StageActivity> = {
      load: 'starting',
      run: 'running',
      dispose: 'stopping',
    };
    const { phase, action } = this.#control.status(this.rank);
    const running = phase === 'running' ? action : undefined;
    const asked = this.#asked;
    const activity = running === undefined && asked?.kind === 'run' ? 'idle' : activities[asked?.kind ?? ''];
    const own = asked === undefined || asked.kind === 'run' ? undefined : asked.stage;
    return {
      replica: this.replica,
      stage: running?.stage ?? own ?? this.stages[0] ?? 0,
      action: running,
      activity: activity ?? 'idle',
    };
  }
}
