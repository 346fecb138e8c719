/** One stage of a lockstep pipeline, in whole nanoseconds for a micro-batch. */
export interface LockstepStage {
  readonly rank: number;
  readonly forwardNs: number;
  /** Backward with what is computed again before it; 0 in inference. */
  readonly backwardNs: number;
}

/**
 * How long the cycles of a filled and drained lockstep pipeline last in all, without what is common to all ranks:
 * the same as running PopART's schedule cycle by cycle, in a time that does not grow with the micro-batches. In the
 * steady state all cycles are alike; in the ramps one stage after another joins or leaves.
 * @param microBatches at least as many as there are stages, backward ones too
 */
export function lockstepTime(
  stages: readonly LockstepStage[],
  microBatches: number,
  training: boolean,
): number {
  const participants = inOrder(stages, training);
  const fill = joined(participants);
  const drain = joined([...participants].reverse());
  const steady = fill.at(-1)!;
  const ramps = [...fill.slice(0, -1), ...drain.slice(0, -1)].reduce((sum, ns) => sum + ns, 0);
  return ramps + (microBatches - participants.length + 1) * steady;
}

/**
 * How long one micro-batch of inference takes from its first stage to its last, without what is common to all ranks:
 * the one that comes in when the pipeline has filled. With few of them the pipeline drains meanwhile.
 * @param microBatches at least as many as there are stages
 */
export function lockstepLatency(stages: readonly LockstepStage[], microBatches: number): number {
  const depth = stages.length;
  const left = joined(inOrder(stages, false).reverse());
  let sum = 0;
  for (let i = 0; i < depth; i++) sum += left[depth - 1 - drained(i, depth, microBatches)]!;
  return sum;
}

/** Stages that have no micro-batch any more in the i-th cycle of that micro-batch. */
export function drained(i: number, depth: number, microBatches: number): number {
  return Math.max(0, i - (microBatches - depth));
}

interface Participant {
  readonly rank: number;
  readonly ns: number;
}

/** PopART's stages: forward ones, the last of them with its backward, then the other backward ones in reverse. */
function inOrder(stages: readonly LockstepStage[], training: boolean): Participant[] {
  const forward = stages.map(({ rank, forwardNs }) => ({ rank, ns: forwardNs }));
  if (!training) return forward;
  const last = stages.at(-1)!;
  const backward = stages.slice(0, -1).map(({ rank, backwardNs }) => ({ rank, ns: backwardNs }));
  const turn = { rank: last.rank, ns: last.forwardNs + last.backwardNs };
  return [...forward.slice(0, -1), turn, ...backward.reverse()];
}

/** The slowest rank's time once the first participant, the first two, … take part. */
function joined(participants: readonly Participant[]): number[] {
  const sums = new Map<number, number>();
  let slowest = 0;
  return participants.map(({ rank, ns }) => {
    const sum = (sums.get(rank) ?? 0) + ns;
    sums.set(rank, sum);
    slowest = Math.max(slowest, sum);
    return slowest;
  });
}
