import { OP_TABLE, type Op } from '../../pipeline/schedule/op-table.js';
import { OpCosts, sumCycles, sumFlops, type OpCost, type OpKind } from './op-cost.js';
import { stageOps } from './stage-ops.js';
import { stashDepths } from './stash-depths.js';
import type { IpuRun, IpuStage } from './run-spec.js';

/** What one stage takes for one micro-batch, in whole nanoseconds of its IPU. */
export interface StageCost {
  readonly forwardNs: number;
  /** The forward pass again; 0 where activations are kept. */
  readonly recomputeNs: number;
  readonly backwardNs: number;
  /** Of `backwardNs`, what only makes gradients of weights: the stage before does not wait for it. */
  readonly weightGradientNs: number;
  /** Multiplications and additions of the model: without what is computed again. */
  readonly flops: number;
  /** Forward, recompute and backward, by kind of operation. */
  readonly nsByKind: Readonly<Record<OpKind, number>>;
  readonly temporaryBytesPerTile: number;
}

const nothing = (): number => 0;

/** What each op takes at a stage. Transfers have their own time, and the update follows the last micro-batch. */
const OP_NS: Readonly<Record<Op, (cost: StageCost) => number>> = {
  F: ({ forwardNs }) => forwardNs,
  B: ({ backwardNs }) => backwardNs,
  I: ({ backwardNs, weightGradientNs }) => backwardNs - weightGradientNs,
  W: ({ weightGradientNs }) => weightGradientNs,
  SEND_F: nothing,
  RECV_F: nothing,
  SEND_B: nothing,
  RECV_B: nothing,
  UNSHARD: nothing,
  RESHARD: nothing,
  REDUCE_GRAD: nothing,
  UPDATE: nothing,
};

/** Whole nanoseconds of an op at a stage, without what is computed again before it. */
export function opNs(cost: StageCost, op: Op): number {
  return OP_NS[op](cost);
}

/** What is computed again before an op: the first part of a backward, or all of it, needs the activations. */
export function recomputeNs(cost: StageCost, op: Op): number {
  const { backward } = OP_TABLE[op];
  return backward === 'whole' || backward === 'input' ? cost.recomputeNs : 0;
}

/** Costs of every stage. @param depths micro-batches that each stage keeps, where the caller has them already */
export function stageCosts(run: IpuRun, depths = stashDepths(run)): StageCost[] {
  return run.stages.map((stage, j) => stageCost(run, stage, depths[j] === 1));
}

/** Cost of one stage, which need not be one of the run's own. @param atOnce its backward follows its forward at once */
export function stageCost(run: IpuRun, stage: IpuStage, atOnce: boolean): StageCost {
  const { chip } = run.hardware;
  const ops = new OpCosts(chip, {
    precision: run.precision,
    halfPartials: run.halfPartials,
    proportion: run.matmulProportion[stage.ipu] ?? run.matmulProportion[0]!,
  });
  const training = run.mode === 'training';
  const { forward, backward } = stageOps(ops, stage, {
    model: run.model,
    rows: run.microBatch,
    sequenceLength: run.sequenceLength,
    training,
    embeddingSerialization: run.embeddingSerialization,
  });
  const again = training ? recomputedShare(run, stage, atOnce) : 0;
  const all = [...forward, ...scaled(forward, again), ...backward];
  const ns = (cycles: number): number => Math.round((cycles / chip.clockHz) * 1e9);
  const kindNs = (kind: OpKind): number => ns(sumCycles(all.filter((op) => op.kind === kind)));
  return {
    forwardNs: ns(sumCycles(forward)),
    recomputeNs: ns(again * sumCycles(forward)),
    backwardNs: ns(sumCycles(backward)),
    weightGradientNs: ns(sumCycles(backward.filter(({ isWeightGradient }) => isWeightGradient))),
    flops: sumFlops(forward) + sumFlops(backward),
    nsByKind: {
      matmul: kindNs('matmul'),
      elementwise: kindNs('elementwise'),
      exchange: kindNs('exchange'),
    },
    temporaryBytesPerTile: mostTemporary([...forward, ...backward]),
  };
}

/**
 * Share of a stage's forward pass that is computed again. Where backward comes right after forward, as on the last stage,
 * what follows the last checkpoint is kept, so only layers before the last one are computed again.
 * Source: popart, willow/src/transforms/pipeline.cpp, setFinalFwdStageRecomputation.
 */
function recomputedShare({ recompute }: IpuRun, stage: IpuStage, atOnce: boolean): number {
  if (recompute === 'none') return 0;
  if (!atOnce) return 1;
  const layers = Math.max(stage.attention, stage.feedForward);
  return recompute === 'layer' && layers > 1 ? (layers - 1) / layers : 0;
}

function scaled(ops: readonly OpCost[], share: number): OpCost[] {
  return share === 0 ? [] : ops.map((op) => ({ ...op, cycles: share * op.cycles }));
}

function mostTemporary(ops: readonly OpCost[]): number {
  return ops.reduce((most, { temporaryBytesPerTile }) => Math.max(most, temporaryBytesPerTile), 0);
}
