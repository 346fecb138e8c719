import type { Action, Op } from '../schedule/action.js';
import { ScheduleError } from '../schedule/errors.js';
import { Progress } from '../schedule/progress.js';
import { waitOf } from '../schedule/readiness.js';
import type { Schedule } from '../schedule/schedule.js';
import { SharedRank } from './shared-rank.js';
import type { Span } from '../schedule/span.js';
import { validateSchedule } from '../schedule/validate.js';

/** An action that computes at some moment. */
export interface RunningAction extends Action {
  readonly replica: number;
  readonly rank: number;
}

export interface SharedSimulationOptions {
  /** Whole nanoseconds that an action takes while no other runs. */
  readonly workNs: (stage: number, op: Op, microBatch: number) => number;
  /**
   * How fast an action goes on beside those that run with it (it is among them): 1 is as fast as alone. Asked
   * whenever one begins or ends; rounded to 1/16384, and never less than that.
   */
  readonly speed: (action: RunningAction, running: readonly RunningAction[]) => number;
  /**
   * Whole nanoseconds of a rank's thread between being able to begin an action and beginning it, when it comes from
   * another action and when it has waited; 0 when absent.
   */
  readonly dispatchNs?: { readonly atOnce: number; readonly afterWait: number };
  /** Copies of the whole pipeline that share the cores; 1 when absent. */
  readonly replicas?: number;
  /** Slots of each link; no bound when absent. */
  readonly slotsPerLink?: number;
  readonly onSpan?: (span: Span) => void;
}

/** Work is counted in this part of a nanosecond, so that speeds are whole numbers and times stay exact. */
const PARTS = 16_384;

/**
 * Runs a schedule freely on cores that the ranks share: as `simulate`, but an action goes slower while others run.
 * Times are whole nanoseconds; the same input gives the same spans.
 * @returns when the last action ended, in nanoseconds
 * @throws ScheduleError when the schedule is wrong or never ends, or a cost is no whole number of nanoseconds
 */
export function simulateShared(schedule: Schedule, options: SharedSimulationOptions): number {
  const { slotsPerLink, replicas = 1 } = options;
  const limits = slotsPerLink === undefined ? {} : { slotsPerLink };
  validateSchedule(schedule, limits);
  const copies = Array.from({ length: replicas }, (_, replica) => {
    const progress = new Progress(schedule, limits);
    const ranks = schedule.ranks.map(
      (cells, rank) => new SharedRank({ replica, rank, actions: cells.flat(), onSpan: options.onSpan }),
    );
    return { progress, ranks };
  });
  return new SharedRun(copies, options).execute();
}

interface Copy {
  readonly progress: Progress;
  readonly ranks: readonly SharedRank[];
}

/** A rank at work: first its dispatch, then the action itself. */
interface Job {
  readonly copy: Copy;
  readonly rank: SharedRank;
  readonly action: RunningAction;
  isDispatch: boolean;
  remaining: number;
  speed: number;
}

class SharedRun {
  readonly #copies: readonly Copy[];
  readonly #options: SharedSimulationOptions;
  #jobs: Job[] = [];
  #now = 0;

  constructor(copies: readonly Copy[], options: SharedSimulationOptions) {
    this.#copies = copies;
    this.#options = options;
  }

  execute(): number {
    for (const copy of this.#copies) this.#startReady(copy);
    while (this.#jobs.length > 0) {
      this.#setSpeeds();
      this.#pass(Math.min(...this.#jobs.map(({ remaining, speed }) => Math.ceil(remaining / speed))));
      const over = this.#jobs.filter(({ remaining }) => remaining <= 0);
      this.#jobs = this.#jobs.filter(({ remaining }) => remaining > 0);
      for (const job of over) this.#endPhase(job);
    }
    for (const { ranks } of this.#copies) for (const rank of ranks) rank.end(this.#now);
    return this.#now;
  }

  #setSpeeds(): void {
    const running = this.#jobs.map(({ action }) => action);
    for (const job of this.#jobs) {
      job.speed = Math.max(1, Math.round(this.#options.speed(job.action, running) * PARTS));
    }
  }

  #pass(ns: number): void {
    this.#now += ns;
    for (const job of this.#jobs) job.remaining -= ns * job.speed;
  }

  #endPhase(job: Job): void {
    const { copy, rank, action } = job;
    if (job.isDispatch) {
      rank.begin(this.#now);
      this.#work(job);
      return;
    }
    rank.finish(this.#now);
    copy.progress.end(action);
    this.#startReady(copy);
  }

  #startReady(copy: Copy): void {
    for (const rank of copy.ranks) {
      const action = rank.next;
      if (rank.isBusy || !action) continue;
      const wait = waitOf(action, copy.progress);
      if (wait) {
        rank.block(wait.cause, this.#now);
        continue;
      }
      copy.progress.begin(action);
      const hasWaited = rank.dispatch(this.#now);
      const { replica, rank: number } = rank;
      const job = { copy, rank, action: { ...action, replica, rank: number }, speed: 1 };
      const { atOnce, afterWait } = this.#options.dispatchNs ?? { atOnce: 0, afterWait: 0 };
      const remaining = (hasWaited ? afterWait : atOnce) * PARTS;
      if (remaining > 0) this.#jobs.push({ ...job, isDispatch: true, remaining });
      else this.#endPhase({ ...job, isDispatch: true, remaining });
    }
  }

  #work(job: Job): void {
    const { stage, op, microBatch } = job.action;
    const workNs = this.#options.workNs(stage, op, microBatch);
    if (!Number.isSafeInteger(workNs) || !Number.isSafeInteger(workNs * PARTS) || workNs < 0) {
      throw new ScheduleError(
        `the work of ${op} at stage ${stage} is ${workNs}; give a whole number of nanoseconds from 0, below 500 s.`,
      );
    }
    this.#jobs.push({ ...job, isDispatch: false, remaining: workNs * PARTS });
  }
}
