import { InternalError } from '../../../ipu-config/base/errors.js';
import { firstMicroBatch, type Action } from '../../schedule/action.js';
import { OP_TABLE } from '../../schedule/op-table.js';
import { nextInStream, type CallRow } from '../../schedule/streamed.js';
import type { Replica } from '../links/replica.js';
import { HANDLERS } from './handlers.js';
import { Seat } from './seat.js';
import type { RankRecorder } from './rank-recorder.js';
import type { Stage, TrainingStep, DeviceTransfers } from './stage.js';

interface RankLoop {
  readonly replica: Replica;
  readonly rank: number;
  readonly stages: ReadonlyMap<number, Stage>;
  readonly recorder: RankRecorder | undefined;
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
export async function runRank(loop: RankLoop, order: CallRow): Promise<void> {
  const { replica, rank, recorder } = loop;
  const { control, clock } = replica;
  const bell = control.bell(rank);
  const seats = new Map([...loop.stages].map(([stage, loaded]) => [stage, new Seat(stage, loaded, replica)]));
  for (;;) {
    const seen = bell.count;
    const next = control.stopped ? undefined : nextInStream(order, control.place(rank), control.total);
    if (next === undefined) break;
    const { action } = next;
    const cause = replica.blockedBy(action);
    if (cause === undefined) {
      const seat = seats.get(action.stage);
      if (seat === undefined) throw new InternalError(`stage ${action.stage} is not on rank ${rank}`);
      await perform(loop, seat, action);
      control.setPlace(rank, next.at + 1);
    } else {
      control.setStatus(rank, 'waiting', action, clock.nowNs());
      recorder?.blocked(action, cause);
      await bell.wait(seen);
    }
  }
  control.setStatus(rank, 'idle', undefined, clock.nowNs());
}

async function perform(loop: RankLoop, seat: Seat, action: Action): Promise<void> {
  const { replica, rank, recorder } = loop;
  const { control, clock } = replica;
  const { op, stage, microBatch } = action;
  const parcel = await seat.take(op, microBatch);
  const { target, enters, leaves } = seat.route(op);
  const readyNs = Math.max(parcel?.filledNs ?? 0, target?.creditNs ?? 0, enters ? entryNs(replica) : 0);
  if (enters) control.enter();
  // A copy: the stage counts on in the same object.
  const before = recorder && seat.loaded.transfers ? { ...seat.loaded.transfers } : undefined;
  const startNs = clock.nowNs();
  control.setStatus(rank, 'running', action, startNs);
  let endNs: number;
  try {
    const { loaded } = seat;
    const work = {
      stage: loaded,
      pass: seat.pass(op, microBatch),
      inputs: parcel?.tensors ?? [],
      step: () => stepOf(action, replica),
    };
    const outputs: unknown = await HANDLERS[op](work);
    const times = { acceptedNs: parcel?.acceptedNs ?? startNs, startedNs: parcel?.startedNs ?? startNs };
    endNs = await seat.handOn(action, outputs, enters ? { ...times, startedNs: startNs } : times);
  } catch (thrown) {
    throw new ActionFailure(action, thrown);
  }
  // In this order, so that whatever ends a rank in between loses nothing: an action is done when what it hands on
  // is there, and only what is done gives up its input.
  control.setDone(op, stage, microBatch);
  seat.release(op, microBatch, endNs);
  if (leaves) control.leave(endNs);
  if (OP_TABLE[op].moves !== undefined) {
    control.wake(stage + 1);
    control.wake(stage - 1);
  }
  recorder?.acted(action, { readyNs, startNs, endNs }, transfersSince(before, seat.loaded.transfers));
}

/** Since when the limit of micro-batches in flight lets one in, if there is one. */
function entryNs({ control, inFlightLimit }: Replica): number {
  return Number.isFinite(inFlightLimit) ? control.leftNs : 0;
}

/** The call that an action of the whole stage is of, with the micro-batches that there are. */
function stepOf(action: Action, { control, callSize }: Replica): TrainingStep {
  const first = firstMicroBatch(action, callSize);
  return { step: Math.floor(first / callSize), microBatches: Math.min(callSize, control.total - first) };
}

function transfersSince(
  before: DeviceTransfers | undefined,
  after: DeviceTransfers | undefined,
): DeviceTransfers | undefined {
  if (before === undefined || after === undefined) return undefined;
  return { uploads: after.uploads - before.uploads, readbacks: after.readbacks - before.readbacks };
}
