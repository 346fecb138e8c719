import { processClock } from './clock.js';
import { gradientLinks, type ReplicaLinks, type ReplicaShape } from './replica.js';
import { SharedControl, type ControlBuffers } from './shared-control.js';
import { SharedLink } from './shared-link.js';

/** A replica's shared memory, in the form that is posted to its ranks. */
export interface SharedMemory {
  readonly control: ControlBuffers;
  readonly activations: readonly SharedArrayBuffer[];
  readonly gradients: readonly (SharedArrayBuffer | undefined)[];
}

/** Memory for the replicas of a pipeline. The host of all of them sleeps on one bell. */
export function shareMemory(shape: ReplicaShape, replicas: number): SharedMemory[] {
  const host = new SharedArrayBuffer(4);
  const link = (bytes: number): SharedArrayBuffer =>
    new SharedArrayBuffer(SharedLink.bytes(shape.slotsPerLink, bytes));
  return Array.from({ length: replicas }, () => ({
    control: SharedControl.allocate(shape, host),
    activations: shape.linkBytes.map(link),
    gradients: gradientLinks(shape, link),
  }));
}

/** @param spinNs how long a rank looks for work before it sleeps */
export function openShared(shape: ReplicaShape, memory: SharedMemory, spinNs: number): ReplicaLinks {
  const open = (buffer: SharedArrayBuffer, link: number): SharedLink =>
    new SharedLink(buffer, shape.slotsPerLink, shape.linkBytes[link] ?? 0);
  return {
    control: new SharedControl(shape, memory.control, spinNs),
    clock: processClock,
    activations: memory.activations.map(open),
    gradients: memory.gradients.map((buffer, link) => buffer && open(buffer, link)),
  };
}
