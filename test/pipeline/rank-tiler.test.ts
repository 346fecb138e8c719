import type { Action, Span } from 'ipu-pipeline/schedules';
import { RankTiler } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';

const action = (microBatch: number): Action => ({ stage: 1, op: 'F', microBatch });
const brief = ({ kind, startNs, endNs, microBatch, cause, phase }: Span) =>
  `${startNs}–${endNs} ${[kind, cause ?? phase, microBatch].filter((each) => each !== undefined).join(' ')}`;

describe('the tiler', () => {
  it('cuts the time of a rank without a gap, and adds it up', () => {
    const spans: Span[] = [];
    const tiler = new RankTiler({ replica: 2, rank: 3, startNs: 5, onSpan: (span) => spans.push(span) });
    tiler.blocked(action(0), 'upstream', 5);
    tiler.blocked(action(0), 'upstream', 9);
    tiler.blocked(action(0), 'downstream', 10);
    expect(tiler.ready(12)).toBe(true);
    tiler.stall(13, 'dispatch', action(0));
    tiler.phase(14, 'recompute', action(0));
    tiler.action(20, action(0), { uploads: 1, readbacks: 2 });
    tiler.blocked(action(1), 'upstream', 20);
    expect(tiler.ready(20)).toBe(false);
    tiler.action(20, { stage: 1, op: 'UPDATE', microBatch: -1 });
    tiler.stall(20, 'sync');
    tiler.done(30);
    expect(spans.map(brief)).toEqual([
      '5–10 stall upstream 0',
      '10–12 stall downstream 0',
      '12–13 stall dispatch 0',
      '13–14 phase recompute 0',
      '14–20 action 0',
      '20–20 action',
      '20–30 stall',
    ]);
    expect(spans[4]).toMatchObject({ replica: 2, rank: 3, stage: 1, op: 'F', uploads: 1, readbacks: 2 });
    expect(tiler.edgeNs).toBe(30);
    expect(tiler.totals()).toEqual({
      busyNs: 6,
      phaseNs: { recompute: 1 },
      stallNs: { upstream: 5, downstream: 2, dispatch: 1 },
      doneNs: 10,
    });
  });

  it('lets no span end before it began', () => {
    const spans: Span[] = [];
    const tiler = new RankTiler({ rank: 0, startNs: 10, onSpan: (span) => spans.push(span) });
    tiler.blocked(action(0), 'upstream', 4);
    tiler.ready(4);
    tiler.action(8, action(0));
    expect(spans.map(brief)).toEqual(['10–10 action 0']);
  });
});
