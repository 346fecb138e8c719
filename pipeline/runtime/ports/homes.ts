import { availableParallelism } from 'node:os';
import { queueLinks } from '../links/queue-control.js';
import { Replica, type ReplicaShape } from '../links/replica.js';
import { openShared, shareMemory } from '../links/shared-memory.js';
import { InlineRank } from './inline-rank.js';
import type { Home } from './rank-port.js';
import { RankThread } from './rank-thread.js';

/**
 * How long an idle rank looks for work before it sleeps. To wake a thread costs 30 to 150 µs, on a virtual machine
 * most of all, so a rank with a core to itself looks for longer; where ranks share cores the others need the time.
 */
const SPIN_NS = { ownCore: 1_000_000, sharedCore: 30_000 } as const;

/** A thread for each rank of each replica, linked by shared memory. */
export function threadHomes(shape: ReplicaShape, replicas: number): Home[] {
  const threads = new Set(shape.stageToRank).size * replicas;
  const spinNs = threads <= availableParallelism() ? SPIN_NS.ownCore : SPIN_NS.sharedCore;
  return shareMemory(shape, replicas).map((memory) => ({
    replica: new Replica(shape, openShared(shape, memory, spinNs)),
    reach: (setup, events) => new RankThread({ kind: 'open', setup, shape, memory, spinNs }, events),
  }));
}

/** All ranks in the caller's thread, linked by queues. */
export function inlineHomes(shape: ReplicaShape, replicas: number): Home[] {
  return queueLinks(shape, replicas).map((links) => {
    const replica = new Replica(shape, links);
    return { replica, reach: (setup, events) => new InlineRank(setup, replica, events) };
  });
}
