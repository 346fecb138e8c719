import type { Action } from '../../schedule/action.js';
import type { Stage, Transfers } from '../stage.js';
import { nowNs } from '../links/bell.js';
import type { RankOrder } from './protocol.js';
import { RankCursor } from './rank-order.js';
import type { ReplicaMemory } from '../links/replica-memory.js';
import type { SpanRecorder } from './span-recorder.js';
import { tensorProblem } from './tensor-check.js';

export interface RankLoop {
  readonly memory: ReplicaMemory;
  readonly rank: number;
  readonly stages: ReadonlyMap<number, Stage>;
  readonly spinNs: number;
  readonly recorder: SpanRecorder | undefined;
}

/** What a stage threw, with the action that it was in. */
export class ActionFailure extends Error {
  readonly action: Action;
  readonly thrown: unknown;

  constructor(action: Action, thrown: unknown) {
    super('a stage failed');
    this.action = action;
    this.thrown = thrown;
  }
}

/**
 * Works through a rank's actions in their order, each as soon as it is ready, until the input has ended or the
 * host says stop. The same loop runs in a worker thread and in the caller's.
 * @throws ActionFailure
 */
export async function runRank(loop: RankLoop, order: RankOrder): Promise<void> {
  const { memory, rank, recorder } = loop;
  const bell = memory.bell(rank);
  const cursor = new RankCursor(order);
  for (;;) {
    const seen = bell.count;
    const action = memory.stopped ? undefined : cursor.next(memory.total);
    if (action === undefined) break;
    const cause = memory.blockedBy(action);
    if (cause === undefined) {
      await perform(loop, action);
      cursor.advance();
    } else {
      memory.setStatus(rank, 'waiting', action, nowNs());
      recorder?.blocked(action, cause);
      await bell.wait(seen, loop.spinNs);
    }
  }
  memory.setStatus(rank, 'idle', undefined, nowNs());
}

async function perform(loop: RankLoop, action: Action): Promise<void> {
  const { memory, rank, recorder } = loop;
  const { stage, microBatch } = action;
  const [from, to] = [memory.ring(stage), memory.ring(stage + 1)];
  const [inputSlot, outputSlot] = [from.slotOf(microBatch), to.freeSlot()];
  const input = from.read(inputSlot);
  const limited = stage === 0 && memory.buffers.shape.inFlightLimit !== undefined;
  const readyNs = Math.max(input.filledNs, to.freedNs(outputSlot), limited ? memory.finishedNs : 0);
  if (stage === 0) memory.enter();
  const loaded = loop.stages.get(stage);
  // A copy: the stage counts on in the same object.
  const before = recorder && loaded?.transfers ? { ...loaded.transfers } : undefined;
  const startNs = nowNs();
  memory.setStatus(rank, 'running', action, startNs);
  let endNs = startNs;
  try {
    const outputs = await loaded?.forward(input.tensors);
    const problem = tensorProblem(outputs);
    if (problem !== undefined) throw new TypeError(`it returned what is not a list of tensors: ${problem}`);
    const times = { acceptedNs: input.acceptedNs, startedNs: stage === 0 ? startNs : input.startedNs };
    const packed = to.pack(outputs ?? []);
    if (packed.overflow !== undefined) {
      throw new RangeError(
        `its outputs are ${packed.overflow}; raise outputBytes of the stage's specification`,
      );
    }
    to.fill(outputSlot, microBatch, packed, times, () => (endNs = nowNs()));
  } catch (thrown) {
    throw new ActionFailure(action, thrown);
  }
  from.release(inputSlot, endNs);
  memory.ringConsumer(stage + 1);
  memory.ringProducer(stage);
  if (stage === memory.stages - 1) memory.leave(endNs);
  recorder?.acted(action, { readyNs, startNs, endNs }, transfersSince(before, loaded?.transfers));
}

function transfersSince(before: Transfers | undefined, after: Transfers | undefined): Transfers | undefined {
  if (before === undefined || after === undefined) return undefined;
  return { uploads: after.uploads - before.uploads, readbacks: after.readbacks - before.readbacks };
}
