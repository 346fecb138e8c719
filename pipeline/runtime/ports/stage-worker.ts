import { threadId, type MessagePort } from 'node:worker_threads';
import { InternalError } from '../../../ipu-config/base/errors.js';
import { Replica, type ReplicaShape } from '../links/replica.js';
import { openShared, type SharedMemory } from '../links/shared-memory.js';
import type { Answer, RankSetup, Request } from '../rank/protocol.js';
import { StageHost } from '../rank/stage-host.js';

/** What a rank's thread is told before anything else. */
export interface OpenThread {
  readonly kind: 'open';
  readonly setup: RankSetup;
  readonly shape: ReplicaShape;
  readonly memory: SharedMemory;
  readonly spinNs: number;
  readonly notices: MessagePort;
}

let host: StageHost | undefined;

/** Entry of a rank's thread: piscina calls it with each request. @returns the thread's number, or the answer */
export async function handle(request: OpenThread | Request): Promise<Answer | number> {
  if (request.kind === 'open') {
    const { setup, shape, memory, spinNs, notices } = request;
    const replica = new Replica(shape, openShared(shape, memory, spinNs));
    host = new StageHost(setup, replica, (notice) => notices.postMessage(notice));
    return threadId;
  }
  if (host === undefined) throw new InternalError(`${request.kind} came before open`);
  return host.answer(request);
}
