/**
 * What a stage can do with a micro-batch, in torch.distributed.pipelining's letters:
 * F forward, B whole backward, I backward of the input, W backward of the weights,
 * and the transfers between neighbouring stages.
 */
export const OPS = ['F', 'B', 'I', 'W', 'SEND_F', 'RECV_F', 'SEND_B', 'RECV_B'] as const;
export type Op = (typeof OPS)[number];

/** One cell of a schedule: stage `j` does `op` with micro-batch `i`; printed as `2F0`. */
export interface Action {
  readonly stage: number;
  readonly op: Op;
  readonly microBatch: number;
}
