import { OP_TABLE, OPS, type Op } from '../../pipeline/schedule/op-table.js';
import type { Phase, Span, StallCause } from '../../pipeline/schedule/span.js';

/** What a rank does in a span, in the words of tables, charts and traces: `F`, `copy`, `waits: upstream`, `done`. */
export type Activity = Op | Phase | 'compute' | `waits: ${StallCause}` | 'done';

/** What a span is about. A stall of which nobody knows the cause is a rank that has nothing left to do. */
export function activityOf({
  kind,
  op,
  phase,
  cause,
}: Pick<Span, 'kind' | 'op' | 'phase' | 'cause'>): Activity {
  if (kind === 'action') return op ?? 'compute';
  if (kind === 'phase') return phase ?? 'compute';
  return cause === undefined ? 'done' : `waits: ${cause}`;
}

/** An activity for a reader who does not know the letters. */
export const ACTIVITY_TEXT: Readonly<Record<Activity, string>> = {
  ...(Object.fromEntries(OPS.map((op) => [op, OP_TABLE[op].words])) as Record<Op, string>),
  compute: 'computes',
  recompute: 'forward again, because its activations were not kept',
  'stream-in': 'inputs come from the host',
  'stream-out': 'results go to the host',
  copy: 'activations and gradients go to the neighbouring stages',
  'all-reduce': 'gradients are summed over replicas',
  'optimizer-state': 'optimizer state comes and goes',
  'weight-update': 'the optimizer changes the weights',
  'host-call': 'the host, between two calls',
  'waits: upstream': 'the micro-batch has not come from the stage before',
  'waits: downstream': 'no free slot on the link to the stage after',
  'waits: host-input': 'the caller has not given the next micro-batch',
  'waits: host-output': 'the caller has not taken the results',
  'waits: in-flight-limit': 'as many micro-batches are in flight as the schedule allows',
  'waits: exchange': 'transfer between stages',
  'waits: sync': 'the slowest rank of the cycle is not done',
  'waits: dispatch': 'everything is there; the scheduler and the wake-up take their time',
  done: 'nothing left to do',
};

export const ACTIVITIES = Object.keys(ACTIVITY_TEXT) as readonly Activity[];

export function isActivity(name: string): name is Activity {
  return Object.hasOwn(ACTIVITY_TEXT, name);
}

/** Whether the rank waits rather than works. */
export function isWaiting(activity: string): boolean {
  return activity === 'done' || activity.startsWith('waits: ');
}
