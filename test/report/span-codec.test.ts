import { deflateRawSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { OPS, type Span } from 'ipu-pipeline/schedules';
import { simulate } from 'ipu-pipeline/simulator';
import { runOfSchedule, TimelineCollector } from 'ipu-pipeline/report';
import {
  decodeSpans,
  encodeSpans,
  popartSchedule,
  SpanTableBuilder,
  spansOf,
  timeByActivity,
} from 'ipu-pipeline/internals';
import { manySpans } from './sample-report.js';

const gap = fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.integer({ min: 0, max: 5000 }));
const what = fc.oneof(
  fc.record({
    kind: fc.constant('action' as const),
    op: fc.constantFrom(...OPS),
    stage: fc.nat(20),
    microBatch: fc.nat(1000),
  }),
  fc.record({
    kind: fc.constant('phase' as const),
    phase: fc.constantFrom('copy' as const, 'all-reduce' as const),
  }),
  fc.record({
    kind: fc.constant('stall' as const),
    cause: fc.constantFrom('upstream' as const, 'sync' as const),
    op: fc.constantFrom(...OPS),
    stage: fc.nat(20),
    microBatch: fc.nat(1000),
  }),
  fc.constant({ kind: 'stall' as const }),
);
const row = fc.array(fc.tuple(gap, fc.integer({ min: 0, max: 1e6 }), what), { minLength: 1, maxLength: 40 });

function spansOfRow(entries: readonly [number, number, object][], replica: number, rank: number): Span[] {
  let edge = 0;
  return entries.map(([gapNs, lengthNs, rest]) => {
    const startNs = edge + gapNs;
    edge = startNs + lengthNs;
    return { replica, rank, startNs, endNs: edge, ...rest } as Span;
  });
}

describe('spans as a page holds them', () => {
  it('come back as they were', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 5 }), async (rows) => {
        const spans = rows.flatMap((entries, index) => spansOfRow(entries, index >> 1, index & 1));
        const builder = new SpanTableBuilder();
        for (const span of spans) builder.add(span);
        const encoded = await encodeSpans(builder.table());
        expect(encoded.count).toBe(spans.length);
        const back = [...spansOf(await decodeSpans(JSON.parse(JSON.stringify(encoded)) as typeof encoded))];
        expect(back).toEqual(spans);
      }),
      { numRuns: 60 },
    );
  });

  it('of an hour are rounded to less than a pixel could show', async () => {
    const builder = new SpanTableBuilder();
    const hour = 3_600_000_000_123;
    builder.add({
      kind: 'action',
      op: 'F',
      stage: 0,
      microBatch: 0,
      replica: 0,
      rank: 0,
      startNs: 0,
      endNs: hour,
    });
    const { rows } = await decodeSpans(await encodeSpans(builder.table()));
    expect(Math.abs(rows[0]!.endNs[0]! - hour) / hour).toBeLessThan(1e-8);
  });

  it('take a few bytes each', async () => {
    const builder = new SpanTableBuilder();
    for (const span of manySpans(16, 3125)) builder.add(span);
    const encoded = await encodeSpans(builder.table());
    expect(encoded.count).toBe(50_000);
    expect(encoded.deflated.length).toBeLessThan(300_000);
  });

  it('that are damaged are refused', async () => {
    const builder = new SpanTableBuilder();
    for (const span of manySpans(2, 10)) builder.add(span);
    const encoded = await encodeSpans(builder.table());
    await expect(decodeSpans({ ...encoded, deflated: 'AAAA' })).rejects.toThrow();
    await expect(decodeSpans({ ...encoded, kinds: [] })).rejects.toThrow('kind');
    const longer = encoded.rows.map((each) => ({ ...each, count: each.count + 1 }));
    await expect(decodeSpans({ ...encoded, rows: longer })).rejects.toThrow('their rows have 22');
    await expect(decodeSpans({ ...encoded, rows: longer, count: 22 })).rejects.toThrow('too early');
    await expect(decodeSpans({ ...encoded, count: 1e9 })).rejects.toThrow('at most');
  });

  it('that would unpack to far more than so many spans are refused before they do', async () => {
    const bomb = deflateRawSync(Buffer.alloc(1 << 26)).toString('base64');
    const encoded = await encodeSpans(new SpanTableBuilder().table());
    const rows = [{ replica: 0, rank: 0, count: 10 }];
    await expect(decodeSpans({ ...encoded, rows, count: 10, deflated: bomb })).rejects.toThrow('400 bytes');
  });

  it('add up to the totals of the simulation', () => {
    const builder = new SpanTableBuilder();
    const schedule = popartSchedule({ forwardStages: 4, depth: 9, training: true });
    const { ranks } = simulate(schedule, {
      costNs: (_stage, op) => (op === 'F' ? 3 : 7),
      onSpan: (span) => builder.add(span),
    });
    const table = builder.table();
    table.rows.forEach((each, rank) => {
      const times = timeByActivity(table, each);
      expect((times.get('F') ?? 0) + (times.get('B') ?? 0)).toBe(ranks[rank]!.busyNs);
      expect(times.get('waits: upstream') ?? 0).toBe(ranks[rank]!.stallNs.upstream ?? 0);
      expect(times.get('done') ?? 0).toBe(ranks[rank]!.doneNs);
    });
  });
});

describe('a timeline of more spans than a page holds', () => {
  it('ends where every rank has reported, and says how long the run was', async () => {
    const schedule = popartSchedule({ forwardStages: 2, depth: 6, training: true });
    const collector = new TimelineCollector(runOfSchedule(schedule), 200);
    let endNs = 0;
    for (const span of manySpans(2, 1000)) {
      collector.add(span);
      endNs = Math.max(endNs, span.endNs);
    }
    const { spans, cutFromNs } = await collector.timeline();
    expect(cutFromNs).toBe(endNs);
    expect(spans.count).toBeLessThanOrEqual(200);
    const { rows } = await decodeSpans(spans);
    const [first, second] = rows.map((each) => each.endNs.at(-1)!);
    // One rank was ahead by a bunch; what it did beyond the other is left out, but for the span that crosses the line.
    expect(Math.abs(first! - second!)).toBeLessThan(60_000);
  });
});
