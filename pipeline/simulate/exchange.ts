import { ScheduleError } from '../schedule/errors.js';
import type { Schedule } from '../schedule/schedule.js';

/** How activations, and the gradients of the same size, go from rank to rank. */
export interface Exchange {
  /** Bytes of what stage j hands to stage j + 1, for each stage or one number for all. */
  readonly activationBytes: number | readonly number[];
  /** Each way of each link between two ranks; bytes per nanosecond are GB/s. */
  readonly bytesPerNs: number;
  readonly latencyNs: number;
}

/**
 * Links between ranks, one for each pair and direction. A link carries one transfer after another, in the order in
 * which they are sent; the latency comes on top and does not keep the link busy.
 */
export class Links {
  readonly #exchange: Exchange;
  readonly #stageToRank: readonly number[];
  readonly #ranks: number;
  readonly #freeNs: Float64Array;

  /** @throws ScheduleError that names what is no size, bandwidth or latency */
  constructor({ name, stages, stageToRank, ranks }: Schedule, exchange: Exchange) {
    const { activationBytes, bytesPerNs, latencyNs } = exchange;
    const sizes = typeof activationBytes === 'number' ? [activationBytes] : activationBytes;
    const problem =
      typeof activationBytes !== 'number' && sizes.length < stages - 1
        ? `activationBytes has ${sizes.length} entries for ${stages} stages`
        : sizes.some((bytes) => !(bytes >= 0 && Number.isFinite(bytes)))
          ? `activationBytes is ${sizes.join(', ')}; give bytes from 0`
          : !(bytesPerNs > 0)
            ? `bytesPerNs is ${bytesPerNs}; give a bandwidth above 0`
            : !(latencyNs >= 0 && Number.isSafeInteger(latencyNs))
              ? `latencyNs is ${latencyNs}; give whole nanoseconds from 0`
              : undefined;
    if (problem) throw new ScheduleError(`the exchange of the schedule ${name} is wrong: ${problem}.`);
    this.#exchange = exchange;
    this.#stageToRank = stageToRank;
    this.#ranks = ranks.length;
    this.#freeNs = new Float64Array(ranks.length * ranks.length);
  }

  /** When what a stage sends at `now` has arrived at its neighbour; undefined on one rank, where nothing moves. */
  arrivalNs(stage: number, neighbour: number, now: number): number | undefined {
    const [from, to] = [this.#stageToRank[stage]!, this.#stageToRank[neighbour]!];
    if (from === to) return undefined;
    const { activationBytes, bytesPerNs, latencyNs } = this.#exchange;
    const bytes =
      typeof activationBytes === 'number' ? activationBytes : activationBytes[Math.min(stage, neighbour)]!;
    const link = from * this.#ranks + to;
    const free = Math.max(now, this.#freeNs[link]!) + Math.ceil(bytes / bytesPerNs);
    this.#freeNs[link] = free;
    return free + latencyNs;
  }
}
