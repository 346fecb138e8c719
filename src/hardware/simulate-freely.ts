import { FORWARD, type Op } from '../../pipeline/schedule/op-table.js';
import type { Exchange } from '../../pipeline/simulate/exchange.js';
import type { RankTotals } from '../../pipeline/schedule/rank-tiler.js';
import type { Schedule } from '../../pipeline/schedule/schedule.js';
import { simulate } from '../../pipeline/simulate/simulate.js';
import type { Span } from '../../pipeline/schedule/span.js';
import type { IpuRun } from './run-spec.js';
import type { SimulatedUpdate } from './simulate-run.js';
import { opNs, recomputeNs, type StageCost } from './stage-cost.js';
import { updatePhases } from './update-cost.js';

/** What moves beside the computing. */
export interface Transfer {
  readonly exchange: Exchange;
  /** The first stage takes its input before its forward pass. */
  readonly streamInNs: number;
  /** The last one gives its results after it. */
  readonly streamOutNs: number;
}

interface FreeRun {
  readonly schedule: Schedule;
  readonly stages: readonly StageCost[];
  readonly transfer: Transfer;
  readonly onSpan?: ((span: Span) => void) | undefined;
}

/**
 * One weight update or inference call in another order than PopART's: each IPU does its next action as soon as what it
 * needs is there. Recomputation is part of the backward, and of its input half where it is cut in two.
 * @throws ScheduleError
 */
export function simulateFreely(
  run: IpuRun,
  { schedule, stages, transfer, onSpan }: FreeRun,
): SimulatedUpdate {
  const latencies = new Latencies(stages.length - 1);
  const { makespanNs: pipelineNs, ranks } = simulate(schedule, {
    costNs: (stage, op) => costNs(stages, stage, op, transfer),
    exchange: transfer.exchange,
    onSpan: (span) => {
      latencies.add(span);
      onSpan?.(span);
    },
  });
  let now = pipelineNs;
  const phaseNs: Partial<Record<string, number>> = {};
  for (const { phase, ns } of updatePhases(run)) {
    if (ns === 0) continue;
    phaseNs[phase] = ns;
    for (let rank = 0; rank < ranks.length; rank++) {
      onSpan?.({ kind: 'phase', phase, replica: 0, rank, startNs: now, endNs: now + ns });
    }
    now += ns;
  }
  const times = ranks.map(({ busyNs, stallNs, doneNs }): RankTotals => {
    // After its last action a rank waits for the others, as in the idle cycles of a lockstep run.
    return {
      busyNs,
      phaseNs,
      stallNs: { ...stallNs, upstream: (stallNs.upstream ?? 0) + doneNs },
      doneNs: 0,
    };
  });
  return { makespanNs: now, pipelineNs, ranks: times, latencyNs: latencies.middleNs() };
}

function costNs(stages: readonly StageCost[], stage: number, op: Op, transfer: Transfer): number {
  const ns = recomputeNs(stages[stage]!, op) + opNs(stages[stage]!, op);
  if (op !== FORWARD) return ns;
  const input = stage === 0 ? transfer.streamInNs : 0;
  return ns + input + (stage === stages.length - 1 ? transfer.streamOutNs : 0);
}

/** From the start of stage 0 to the end of the last stage's forward, of the micro-batch in the middle of the run. */
class Latencies {
  readonly #last: number;
  readonly #startNs: number[] = [];
  readonly #latencyNs: number[] = [];

  constructor(last: number) {
    this.#last = last;
  }

  add({ kind, op, stage, microBatch, startNs, endNs }: Span): void {
    if (kind !== 'action' || op !== FORWARD) return;
    if (stage === 0) this.#startNs[microBatch!] = startNs;
    if (stage === this.#last) this.#latencyNs[microBatch!] = endNs - this.#startNs[microBatch!]!;
  }

  middleNs(): number {
    return this.#latencyNs[this.#latencyNs.length >> 1]!;
  }
}
