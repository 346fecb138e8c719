import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { SCHEDULES, type Schedule, type Span } from 'ipu-pipeline/schedules';
import { simulate } from 'ipu-pipeline/simulator';
import { runOfSchedule } from 'ipu-pipeline/report';
import { SpanIndex, SpanTableBuilder, spansOf, waitChain, type SpanPlace } from 'ipu-pipeline/internals';

function indexOf(schedule: Schedule, costs: readonly number[], slotsPerLink?: number): SpanIndex {
  const builder = new SpanTableBuilder();
  simulate(schedule, {
    costNs: (stage, op) => costs[(stage + op.length) % costs.length]!,
    ...(slotsPerLink === undefined ? {} : { slotsPerLink }),
    onSpan: (span) => builder.add(span),
  });
  return new SpanIndex(builder.table(), runOfSchedule(schedule));
}

function* placesOf(index: SpanIndex): Generator<{ readonly place: SpanPlace; readonly span: Span }> {
  const spans = [...spansOf(index.table)];
  let at = 0;
  for (const [row, { kind }] of index.table.rows.entries()) {
    for (let span = 0; span < kind.length; span++) yield { place: { row, span }, span: spans[at++]! };
  }
}

const costs = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 5 });
/** Rounds that every schedule takes: some want a multiple of so many micro-batches. */
const size = fc
  .record({ stages: fc.constantFrom(2, 4, 6), rounds: fc.constantFrom(1, 2) })
  .map(({ stages, rounds }) => ({ stages, microBatches: 2 * stages * rounds }));

describe('the chain of what a span waited for', () => {
  it('has, for a stall, the action that ended when the stall did', () => {
    const property = fc.property(fc.constantFrom(...SCHEDULES), size, costs, (kind, of, times) => {
      const index = indexOf(kind.generate(of), times);
      for (const { place, span } of placesOf(index)) {
        if (span.cause !== 'upstream') continue;
        const [first] = waitChain(index, place).links;
        expect(first?.how).toBe('ran');
        expect(index.endOf(first!.place)).toBe(span.endNs);
        expect(first!.place.row).not.toBe(place.row);
      }
    });
    fc.assert(property, { numRuns: 60 });
  });

  it('has, for a full link, what the stage after did last', () => {
    const schedule = SCHEDULES.find(({ name }) => name === 'fill-drain')!.generate({
      stages: 3,
      microBatches: 8,
    });
    const index = indexOf(schedule, [2, 3, 9], 1);
    const stalls = [...placesOf(index)].filter(({ span }) => span.cause === 'downstream');
    expect(stalls.length).toBeGreaterThan(0);
    for (const { place, span } of stalls) {
      const [first] = waitChain(index, place).links;
      expect(index.endOf(first!.place)).toBe(span.endNs);
      expect(first!.place.row).toBe(place.row + 1);
    }
  });

  it('goes back in time, without a gap, to the start of the run', () => {
    const schedule = SCHEDULES.find(({ name }) => name === '1f1b')!.generate({ stages: 4, microBatches: 4 });
    const index = indexOf(schedule, [3]);
    for (const { place, span } of placesOf(index)) {
      if (span.kind === 'stall' && span.cause === undefined) continue;
      const { links, end } = waitChain(index, place);
      expect(end).toBe('start');
      let startNs = index.startOf(place);
      for (const { place: at, how } of links) {
        if (how !== 'ran') expect(index.startOf(at)).toBeLessThan(startNs);
        startNs = index.startOf(at);
      }
      const last = links.at(-1)?.place ?? place;
      expect(index.startOf(last)).toBe(0);
    }
  });
});
