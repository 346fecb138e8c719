import * as v from 'valibot';
import { whole } from '../../ipu-config/base/checked.js';
import { OPS } from '../../pipeline/schedule/op-table.js';
import type { Phase, Span, StallCause } from '../../pipeline/schedule/span.js';
import { ACTIVITIES, isWaiting, type Activity } from './activity.js';
import { MOST_SPANS } from './span-codec.js';
import { MOST_RANKS, type SpanKind } from './span-table.js';
import type { TimelineData } from './timeline-collector.js';

// Apart from the types that they check, which pages use too: a page trusts what it was filled with.

const ofActions: readonly Activity[] = [...OPS, 'compute'];
const stalls = ACTIVITIES.filter(isWaiting);
const phases = ACTIVITIES.filter((one) => !isWaiting(one) && !ofActions.includes(one)) as Phase[];
const causes = stalls.flatMap((one) => (one === 'done' ? [] : [one.replace('waits: ', '') as StallCause]));
const ops = v.picklist(OPS);

/** Of a replica or a rank. */
export const rankNumber = v.pipe(whole, v.maxValue(MOST_RANKS - 1));
/** Of a stage or a micro-batch; below 0 for all of them. */
const itemNumber = v.pipe(v.number(), v.integer(), v.minValue(-(2 ** 31)), v.maxValue(2 ** 31 - 1));

export const SPAN: v.GenericSchema<unknown, Span> = v.pipe(
  v.object({
    kind: v.picklist(['action', 'stall', 'phase']),
    replica: rankNumber,
    rank: rankNumber,
    startNs: whole,
    endNs: whole,
    stage: v.exactOptional(itemNumber),
    op: v.exactOptional(ops),
    microBatch: v.exactOptional(itemNumber),
    phase: v.exactOptional(v.picklist(phases)),
    uploads: v.exactOptional(whole),
    readbacks: v.exactOptional(whole),
    cause: v.exactOptional(v.picklist(causes)),
  }),
  v.check(({ startNs, endNs }) => startNs <= endNs, 'a span that ends after its start'),
);

const SPAN_KIND: v.GenericSchema<unknown, SpanKind> = v.variant('kind', [
  v.object({ kind: v.literal('action'), activity: v.picklist(ofActions) }),
  v.object({ kind: v.literal('phase'), activity: v.picklist([...phases, 'compute']) }),
  v.object({ kind: v.literal('stall'), activity: v.picklist(stalls), op: v.exactOptional(ops) }),
]);

const positive = v.pipe(v.number(), v.finite(), v.gtValue(0));

export const TIMELINE: v.GenericSchema<unknown, TimelineData> = v.object({
  run: v.object({
    name: v.string(),
    kind: v.picklist(['measured', 'simulated']),
    stages: v.array(v.string()),
    stageToRank: v.array(rankNumber),
    training: v.exactOptional(v.boolean()),
    nsPerStep: v.exactOptional(positive),
    stash: v.exactOptional(v.object({ size: positive, unit: v.picklist(['bytes', 'micro-batches']) })),
  }),
  spans: v.object({
    count: v.pipe(whole, v.maxValue(MOST_SPANS)),
    quantumNs: v.pipe(v.number(), v.finite(), v.minValue(1)),
    kinds: v.pipe(v.array(SPAN_KIND), v.maxLength(256)),
    rows: v.array(v.object({ replica: rankNumber, rank: rankNumber, count: whole })),
    deflated: v.string(),
  }),
  cutFromNs: v.exactOptional(whole),
});
