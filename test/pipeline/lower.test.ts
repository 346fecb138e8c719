import fc from 'fast-check';
import { ScheduleError } from 'ipu-pipeline';
import {
  lower,
  parseCsv,
  peakActivations,
  printCsv,
  scheduleByName,
  validateSchedule,
  type Op,
  type Span,
} from 'ipu-pipeline/schedules';
import { simulate } from 'ipu-pipeline/simulator';
import { describe, expect, it } from 'vitest';
import { anySchedule, computeOf } from './sizes.js';

const costNs = (stage: number, op: Op): number => (op.length > 1 ? 0 : (op === 'B' ? 7 : 3) + (stage % 3));
const wires = { activationBytes: 100, bytesPerNs: 25, latencyNs: 2 };

describe('lowering', () => {
  it('writes each transfer out where the other rank needs it', () => {
    const schedule = parseCsv('x.csv', '0F0,0F1,,0B0,,0B1\n,1F0,1B0,1F1,1B1,\n');
    expect(printCsv(lower(schedule))).toBe(
      '0F0,0SEND_F0,0F1,0SEND_F1,0RECV_B0,0B0,0RECV_B1,0B1\n' +
        '1RECV_F0,1F0,1RECV_F1,1B0,1SEND_B0,1F1,1B1,1SEND_B1\n',
    );
  });

  it('hands over without transfers between two stages of one rank, and after a pair for both of it', () => {
    const csv = printCsv(lower(scheduleByName('dualpipev')({ stages: 4, microBatches: 4 })));
    expect(csv).not.toMatch(/1SEND_F|2RECV_F|2SEND_B|1RECV_B/);
    expect(csv).toContain('(2F2;1B0)OVERLAP_F_B,2SEND_F2,');
    expect(csv).toMatch(/\(2F2;1B0\)OVERLAP_F_B,(\d\w+,)*1SEND_B0/);
  });

  it('keeps computes, their order and validity, with one SEND and RECV for each transfer', () => {
    fc.assert(
      fc.property(anySchedule, (schedule) => {
        const lowered = lower(schedule);
        validateSchedule(lowered);
        expect(computeOf(lowered)).toEqual(computeOf(schedule));
        const ops = lowered.ranks.flat(2).map(({ op }) => op);
        const count = (op: Op) => ops.filter((each) => each === op).length;
        const { stageToRank, microBatches } = schedule;
        const hops = stageToRank.slice(1).filter((rank, stage) => rank !== stageToRank[stage]).length;
        const isTraining = count('B') + count('I') > 0;
        expect([count('SEND_F'), count('RECV_F')]).toEqual([hops * microBatches, hops * microBatches]);
        expect(count('SEND_B')).toBe(isTraining ? hops * microBatches : 0);
        expect(count('RECV_B')).toBe(count('SEND_B'));
      }),
    );
  });

  it('changes neither the time, with or without transfers that take some, nor the memory', () => {
    fc.assert(
      fc.property(anySchedule, fc.boolean(), (schedule, takesTime) => {
        const options = { costNs, ...(takesTime ? { exchange: wires } : {}) };
        const lowered = lower(schedule);
        expect(simulate(lowered, options)).toEqual(simulate(schedule, options));
        expect(peakActivations(lowered)).toEqual(peakActivations(schedule));
      }),
    );
  });

  it('keeps the dialect and line ends of a file', () => {
    const csv = printCsv(lower(parseCsv('x.csv', ' 0F0,,,0BW0\r\n,1F0,1B0,1W0\r\n')));
    expect(csv).toBe('0F0,0SEND_F0,0RECV_B0,0BW0\r\n1RECV_F0,1F0,1B0,1SEND_B0,1W0\r\n');
  });

  it('refuses a schedule that has its transfers', () => {
    const lowered = lower(scheduleByName('1f1b')({ stages: 2, microBatches: 2 }));
    expect(() => lower(lowered)).toThrow(ScheduleError);
    expect(() => lower(lowered)).toThrow(/has its transfers already \(0SEND_F0\)[^]*▲ here/);
  });
});

describe('transfers that take time', () => {
  const line = (text: string) => parseCsv('x.csv', text);

  it('delay the next stage by latency and bytes over bandwidth, and say so', () => {
    const spans: Span[] = [];
    const { makespanNs, ranks } = simulate(line('0F0\n1F0\n'), {
      costNs: () => 10,
      exchange: wires,
      onSpan: (span) => spans.push(span),
    });
    expect(makespanNs).toBe(10 + 2 + 4 + 10);
    expect(ranks[1]!.stallNs).toEqual({ upstream: 10, exchange: 6 });
    expect(spans.filter(({ rank, kind }) => rank === 1 && kind === 'stall')).toMatchObject([
      { startNs: 0, endNs: 10, cause: 'upstream', stage: 1, op: 'F', microBatch: 0 },
      { startNs: 10, endNs: 16, cause: 'exchange' },
    ]);
  });

  it('go one after another over a link, beside the computing, and both ways at once', () => {
    // Stage 0 makes an activation each ns; the link takes 4 ns for each; latency comes once.
    const forward = simulate(line('0F0,0F1,0F2\n1F0,1F1,1F2\n'), { costNs: () => 1, exchange: wires });
    expect(forward.makespanNs).toBe(1 + 3 * 4 + 2 + 1);
    expect(forward.ranks[0]).toMatchObject({ busyNs: 3, stallNs: {} });
    const sized = { ...wires, activationBytes: [0, 1000] };
    expect(simulate(line('0F0\n1F0\n2F0\n'), { costNs: () => 1, exchange: sized }).makespanNs).toBe(
      3 + 2 + 42,
    );
  });

  it('take none between stages of one rank', () => {
    expect(simulate(line('0F0,1F0,1B0,0B0\n'), { costNs: () => 1, exchange: wires }).makespanNs).toBe(4);
  });

  it('let a rank go on after a RECV that was written early', () => {
    const early = line(
      '0F0,0SEND_F0,0RECV_B0,0F1,0SEND_F1,0B0,0RECV_B1,0B1\n1RECV_F0,1F0,1B0,1SEND_B0,1RECV_F1,1F1,1B1,1SEND_B1\n',
    );
    const cost = { costNs: (_: number, op: Op) => (op.length === 1 ? 1 : 0) };
    // The validator's order is strict, as torch's dry run is; in time rank 0 computes 0F1 while 0B0's data comes.
    expect(simulate(early, cost).ranks[0]!.stallNs).toEqual({ upstream: 2 });
    const spans: Span[] = [];
    simulate(early, { ...cost, exchange: wires, onSpan: (span) => spans.push(span) });
    const own = spans.filter(({ rank, kind }) => rank === 0 && kind === 'action').map(({ op }) => op);
    expect(own).toEqual(['F', 'SEND_F', 'RECV_B', 'F', 'SEND_F', 'B', 'RECV_B', 'B']);
  });

  it.each([
    [{ ...wires, bytesPerNs: 0 }, 'bytesPerNs is 0'],
    [{ ...wires, latencyNs: 0.5 }, 'latencyNs is 0.5'],
    [{ ...wires, activationBytes: -1 }, 'activationBytes is -1'],
    [{ ...wires, activationBytes: [] }, 'activationBytes has 0 entries for 2 stages'],
  ])('are refused when they are none: %j', (exchange, message) => {
    const run = () => simulate(line('0F0\n1F0\n'), { costNs: () => 1, exchange });
    expect(run).toThrow(ScheduleError);
    expect(run).toThrow(message);
  });
});

describe('overlapped pairs', () => {
  const pair = parseCsv('x.csv', '0F0,0F1,(0F2;0B0)OVERLAP_F_B,0B1,0B2\n');
  const cost = (_: number, op: Op): number => (op === 'B' ? 20 : 10);

  it('cost the sum of theirs, or what is said', () => {
    expect(simulate(pair, { costNs: cost }).makespanNs).toBe(90);
    expect(simulate(pair, { costNs: cost, overlapNs: (actions) => 11 * actions.length }).makespanNs).toBe(82);
  });

  it('share their time in the spans, which tile it', () => {
    const spans: Span[] = [];
    simulate(pair, { costNs: cost, overlapNs: () => 12, onSpan: (span) => spans.push(span) });
    const edges = spans.map(({ op, microBatch, startNs, endNs }) => [`${op}${microBatch}`, startNs, endNs]);
    expect(edges.slice(2, 4)).toEqual([
      ['F2', 20, 24],
      ['B0', 24, 32],
    ]);
  });

  it('begin when both can, and of one micro-batch run one after another', () => {
    const waits = parseCsv('x.csv', '0F0,(0F1;0B0)OVERLAP_F_B,0B1\n1F0,1B0,1F1,1B1\n');
    const { ranks } = simulate(waits, { costNs: () => 1 });
    expect(ranks[0]!.stallNs).toEqual({ upstream: 2 + 2 });
    const same = parseCsv('x.csv', '(0F0;0B0)OVERLAP_F_B\n');
    expect(simulate(same, { costNs: cost, overlapNs: () => 1 }).makespanNs).toBe(30);
  });
});

describe('deadlocks', () => {
  it('name the circle, and mark its first cell', () => {
    const csv = '0F0,0B0,0F1,0B1\n1F0,1F1,1B0,1B1\n2F0,2F1,2B0,2B1\n';
    const message = thrownText(() => validateSchedule(parseCsv('x.csv', csv)));
    expect(message).toContain('rank 2 stops at 2F1 (cycle 1), which waits for 1F1 of rank 1');
    expect(message).toContain('they wait in a circle: rank 0 → rank 1 → rank 0');
    expect(message).toMatch(/rank 0 .*0B0.*\n +▲ here/);
  });

  it('are found among transfers', () => {
    const csv = '0F0,0RECV_B0,0SEND_F0,0B0\n1RECV_F0,1F0,1B0,1SEND_B0\n';
    const message = thrownText(() => validateSchedule(parseCsv('x.csv', csv)));
    expect(message).toContain('rank 0 stops at 0RECV_B0 (cycle 1), which waits for 1SEND_B0 of rank 1');
    expect(message).toContain('rank 1 stops at 1RECV_F0 (cycle 0), which waits for 0SEND_F0 of rank 0');
  });

  it('of full links name the link', () => {
    const schedule = scheduleByName('looped-bfs')({ stages: 4, microBatches: 4 });
    const message = thrownText(() => validateSchedule(schedule, { slotsPerLink: 1 }));
    expect(message).toMatch(/waits for a free slot on link \d \(downstream\)/);
    expect(message).toMatch(/they wait in a circle: rank \d → rank \d/);
  });

  it('within a row say where the awaited action stands', () => {
    expect(() => validateSchedule(parseCsv('x.csv', '0B0,,0F0\n'))).toThrow(
      'rank 0 stops at 0B0 (cycle 0), which waits for 0F0, later in its own row, in cycle 2',
    );
  });
});

function thrownText(run: () => void): string {
  try {
    run();
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('nothing was thrown');
}
