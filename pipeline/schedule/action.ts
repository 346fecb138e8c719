/**
 * What a stage can do, in torch.distributed.pipelining's letters: F forward, B whole backward, I backward of the
 * input, W backward of the weights; the transfers between neighbouring stages; and, for the whole stage rather than
 * for a micro-batch, the gathering and dropping of sharded weights and the summing of gradients over replicas.
 */
export const OPS = [
  'F',
  'B',
  'I',
  'W',
  'SEND_F',
  'RECV_F',
  'SEND_B',
  'RECV_B',
  'UNSHARD',
  'RESHARD',
  'REDUCE_GRAD',
] as const;
export type Op = (typeof OPS)[number];

/** A bit for each op that is of a micro-batch, so that a byte says which of them are done; 0 for the others. */
export const OP_BIT = Object.fromEntries(OPS.map((op, at) => [op, (1 << at) & 0xff])) as Readonly<
  Record<Op, number>
>;

/** Micro-batch of an action that is of the whole stage (`UNSHARD`, `RESHARD`, `REDUCE_GRAD`). */
export const WHOLE_STAGE = -1;

/** One action of a schedule: stage `j` does `op` with micro-batch `i`; printed as `2F0`. */
export interface Action {
  readonly stage: number;
  readonly op: Op;
  /** `WHOLE_STAGE` where the op is of no micro-batch. */
  readonly microBatch: number;
  /** It runs at the same time as the action after it in its cell: torch's `OVERLAP_F_B`. */
  readonly overlapsNext?: true;
}

export function isCompute(op: Op): boolean {
  return op === 'F' || op === 'B' || op === 'I' || op === 'W';
}

export function isTransfer(op: Op): boolean {
  return op === 'SEND_F' || op === 'RECV_F' || op === 'SEND_B' || op === 'RECV_B';
}

/** The op is of a stage, not of one of its micro-batches. */
export function isOfWholeStage(op: Op): boolean {
  return op === 'UNSHARD' || op === 'RESHARD' || op === 'REDUCE_GRAD';
}
