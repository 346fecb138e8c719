import { InputError, InternalError } from '../../ipu-config/base/errors.js';
import { withinMs } from '../../ipu-config/base/bounded.js';
import { stageFailed, type StageTrouble } from './failure.js';
import type { PipelineInputs } from './input-feed.js';
import { Lifecycle, type PipelineState } from './lifecycle.js';
import type { CheckedOptions } from './options.js';
import { opsOf, type PipelinePlan } from './plan.js';
import type { Notice } from './rank/protocol.js';
import { Rank } from './rank.js';
import { messageOf } from './rank/thrown-value.js';
import type { Bell } from './links/control.js';
import type { Replica } from './links/replica.js';
import { inlineHomes, threadHomes } from './ports/homes.js';
import { Stream, type StreamContext } from './stream.js';

/** What is known of a stage once it is loaded. */
export interface StageStats {
  readonly replica: number;
  readonly stage: number;
  readonly name: string;
  readonly ipu: number;
  readonly layers?: readonly [number, number];
  /** Node's number of the thread; 0 is the caller's own. */
  readonly threadId: number;
  /** Undefined when the stage does not know. */
  readonly weightBytes?: number;
  readonly loadMs: number;
}

/** Why the pipeline is no more, and whether somebody has been told. */
interface Failure {
  readonly thrown: unknown;
  told: boolean;
}

/** Owns the ranks of all replicas from their start to their end, and the one failure that ends them. */
export class Coordinator implements StreamContext {
  readonly options: CheckedOptions;
  readonly plan: PipelinePlan;
  readonly replicas: readonly Replica[];
  readonly ranks: readonly Rank[];
  readonly broken: Promise<void>;
  readonly stats: StageStats[] = [];
  readonly #lifecycle = new Lifecycle();
  readonly #onAbort = (): void => this.fail(this.options.signal?.reason, true);
  #breakOff: () => void = () => undefined;
  #failure: Failure | undefined;
  #closing: Promise<void> | undefined;
  #ended: Promise<void> | undefined;
  #stream: Stream | undefined;

  constructor(options: CheckedOptions, plan: PipelinePlan) {
    this.options = options;
    this.plan = plan;
    this.broken = new Promise((resolve) => (this.#breakOff = resolve));
    const homes = (options.threads ? threadHomes : inlineHomes)(plan.shape, options.replicas);
    this.replicas = homes.map(({ replica }) => replica);
    this.ranks = homes.flatMap((home, replica) =>
      [...plan.rows].map(([rank, row]) => {
        const stages = options.stages.flatMap((spec, stage) =>
          spec.ipu === rank ? [{ stage, spec, ops: opsOf(stage, row) }] : [],
        );
        const events = { onNotice: this.#onNotice, onTrouble: this.#onTrouble };
        return new Rank({ replica, rank, stages }, row, home, events);
      }),
    );
    options.signal?.addEventListener('abort', this.#onAbort);
  }

  /** The same for all replicas. */
  get host(): Bell {
    const [replica] = this.replicas;
    if (replica === undefined) throw new InternalError('a pipeline without replicas');
    return replica.control.host;
  }

  get state(): PipelineState {
    return this.#lifecycle.state;
  }

  /** Loads all stages, all ranks at once. Everything has ended again when it throws. */
  async start(): Promise<void> {
    if (this.options.signal?.aborted === true) this.#onAbort();
    const { startTimeoutMs } = this.options;
    const loading = Promise.all(this.ranks.map((rank) => this.#load(rank)));
    const inTime = await withinMs(startTimeoutMs, Promise.race([loading, this.broken]));
    const late = inTime ? undefined : this.ranks.find((rank) => rank.busy);
    if (late !== undefined) {
      this.#onTrouble(late.giveUp(`did not answer within ${startTimeoutMs} ms (startTimeoutMs)`));
    }
    const breakage = await this.breakage();
    if (breakage !== undefined) throw breakage.thrown;
    this.#lifecycle.to('ready');
  }

  /** @throws InputError when a run is on; what ended the pipeline when it has ended. */
  async begin(inputs: PipelineInputs): Promise<Stream> {
    const told = this.#failure?.told === true && this.options.signal?.aborted !== true;
    // Nothing is awaited while all is well: two runs that begin at once must see each other.
    const breakage = this.isBroken ? await this.breakage() : undefined;
    if (breakage !== undefined) {
      const { thrown } = breakage;
      const ended = `this pipeline has ended, because ${messageOf(thrown)}; start another`;
      throw told ? new InputError(ended, { cause: thrown }) : thrown;
    }
    if (this.state === 'running') {
      throw new InputError(
        'this pipeline is running another stream: end that run, or await it, before the next',
      );
    }
    this.#lifecycle.to('running');
    this.#stream = new Stream(this, inputs);
    return this.#stream;
  }

  get isBroken(): boolean {
    return this.#failure !== undefined || this.#closing !== undefined;
  }

  streamEnded(): void {
    this.#stream = undefined;
    this.#lifecycle.to('ready');
  }

  async breakage(): Promise<{ readonly thrown: unknown } | undefined> {
    if (this.#failure !== undefined) {
      await this.#ended;
      this.#failure.told = true;
      return { thrown: this.#failure.thrown };
    }
    if (this.#closing === undefined) return undefined;
    return { thrown: new InputError('this pipeline has been closed; start another') };
  }

  /** The first failure ends the pipeline; the others are its consequences. */
  fail(thrown: unknown, atOnce = false): void {
    if (this.#failure !== undefined || this.#closing !== undefined) return;
    this.#failure = { thrown, told: false };
    this.#lifecycle.to('failing');
    this.#ended = this.#shutDown({ dispose: !atOnce }).then(() => undefined);
    this.#breakOff();
    this.host.ring();
  }

  close(): Promise<void> {
    if (this.state === 'closed' && this.#failure?.told !== false) return Promise.resolve();
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    if (this.#failure !== undefined) {
      await this.#ended;
      if (this.#failure.told) return;
      this.#failure.told = true;
      throw this.#failure.thrown;
    }
    this.#lifecycle.to('closing');
    const ended = this.#shutDown({ dispose: true });
    this.#breakOff();
    this.host.ring();
    const [trouble] = await ended;
    if (trouble !== undefined) throw stageFailed(trouble, this.options.stages, this.replicas);
  }

  onLate: StreamContext['onLate'] = ({ replica, rank: number, running }) => {
    const rank = this.ranks.find((each) => this.replicas[each.replica] === replica && each.rank === number);
    const bound = `${this.options.actionTimeoutMs} ms (actionTimeoutMs)`;
    const what = running ? `did not answer within ${bound}` : `did not begin within ${bound} what was ready`;
    if (rank !== undefined) this.#onTrouble(rank.giveUp(what));
  };

  #onTrouble = (trouble: StageTrouble): void => {
    if (this.#troubles !== undefined) this.#troubles.push(trouble);
    else this.fail(stageFailed(trouble, this.options.stages, this.replicas));
  };

  #onNotice = (replica: number, notice: Notice): void => {
    try {
      if (notice.kind === 'spans') this.#stream?.spans?.deliver(notice.spans);
      else this.options.onProgress?.(notice.stage, notice.fraction, replica);
    } catch (thrown) {
      // The caller's own hook.
      this.fail(thrown);
    }
  };

  async #load(rank: Rank): Promise<void> {
    await rank.load(({ stage, weightBytes, loadMs }) => {
      const spec = this.options.stages[stage];
      this.stats.push({
        replica: rank.replica,
        stage,
        name: spec?.name ?? '',
        ipu: rank.rank,
        ...(spec?.layers === undefined ? {} : { layers: spec.layers }),
        threadId: rank.threadId,
        ...(weightBytes === undefined ? {} : { weightBytes }),
        loadMs,
      });
      this.#onNotice(rank.replica, { kind: 'progress', stage, fraction: 1 });
    });
  }

  /** Set once the pipeline ends: what goes wrong from then on. */
  #troubles: StageTrouble[] | undefined;

  /** Ends every rank, and each wait for one, within bounds. Never rejects. */
  async #shutDown({ dispose }: { dispose: boolean }): Promise<readonly StageTrouble[]> {
    const { closeTimeoutMs, signal } = this.options;
    const troubles: StageTrouble[] = (this.#troubles = []);
    signal?.removeEventListener('abort', this.#onAbort);
    this.#stream?.abandon();
    for (const { control } of this.replicas) control.stop();
    const late = `did not answer within ${closeTimeoutMs} ms (closeTimeoutMs)`;
    const everyone = async (what: (rank: Rank) => Promise<unknown>): Promise<void> => {
      const alive = this.ranks.filter((rank) => !rank.lost);
      await withinMs(closeTimeoutMs, Promise.all(alive.map(what)));
      for (const rank of alive) if (rank.busy && !rank.lost) troubles.push(rank.giveUp(late));
    };
    // To end a thread within a native call can end the whole process when the call comes back.
    await everyone((rank) => rank.settled);
    if (dispose) await everyone((rank) => (rank.busy ? Promise.resolve() : rank.dispose()));
    await Promise.all(this.ranks.map((rank) => rank.terminate(closeTimeoutMs)));
    this.#lifecycle.to('closed');
    return troubles;
  }
}
