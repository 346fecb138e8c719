import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { InputError } from 'ipu-pipeline';
import { fillDrain, type Schedule, type Span } from 'ipu-pipeline/schedules';
import { simulate } from 'ipu-pipeline/simulator';
import { runOfSchedule, TraceEvents, TraceWriter } from 'ipu-pipeline/report';
import { popartSchedule } from 'ipu-pipeline/internals';
import { manySpans } from './sample-report.js';

interface Event {
  readonly ph: string;
  readonly name: string;
  readonly pid: number;
  readonly tid?: number;
  readonly ts: number;
  readonly dur?: number;
  readonly id?: number;
  readonly cname?: string;
  readonly args?: Readonly<Record<string, unknown>>;
}

let folder: string;
beforeAll(async () => (folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-trace-'))));
afterAll(() => rm(folder, { recursive: true }));

/** The trace of schedules, each a run, with a cost of one microsecond for each action. */
function traceOf(...schedules: readonly Schedule[]): Event[] {
  let text = '';
  const events = new TraceEvents((piece) => (text += piece));
  for (const schedule of schedules) {
    events.beginRun(runOfSchedule(schedule));
    simulate(schedule, { costNs: () => 1000, onSpan: (span) => events.add(span) });
  }
  events.end();
  return (JSON.parse(text) as { traceEvents: Event[] }).traceEvents;
}

const training = popartSchedule({ forwardStages: 3, depth: 6, training: true });
const byPhase = (events: readonly Event[], ph: string): Event[] => events.filter((event) => event.ph === ph);

describe('a trace', () => {
  it('has a process for each run and a track for each rank, with names', () => {
    const events = traceOf(training, fillDrain({ stages: 2, microBatches: 3 }));
    const names = events.filter(({ name }) => name === 'process_name').map(({ args }) => args!['name']);
    expect(names).toEqual(['popart-training (simulated), replica 0', 'fill-drain (simulated), replica 0']);
    const tracks = events.filter(({ name }) => name === 'thread_name').map(({ args }) => args!['name']);
    expect(tracks).toContain('IPU 2: stage 2');
    expect(tracks).toHaveLength(5);
  });

  it('lets time pass on every track, and tells the cause of each stall', () => {
    const edges = new Map<string, number>();
    for (const { pid, tid, ts, dur, name, args, cname } of byPhase(traceOf(training), 'X')) {
      const track = `${pid} ${tid}`;
      expect(ts).toBeGreaterThanOrEqual(edges.get(track) ?? 0);
      edges.set(track, ts + dur!);
      expect(cname).toMatch(/^[a-z_]+$/);
      if (!name.startsWith('waits: ')) continue;
      expect(name).toBe(`waits: ${String(args!['cause'])}`);
      expect(args!['waits to run']).toMatch(/^\d+[FB]\d+$/);
    }
    expect(edges.size).toBe(3);
  });

  it('draws an arrow for each hand-over, from within one slice to the start of another', () => {
    const events = traceOf(training);
    const starts = byPhase(events, 's');
    const ends = byPhase(events, 'f');
    // 6 micro-batches over 2 links, there and back.
    expect(starts).toHaveLength(24);
    expect(ends.map(({ id }) => id).sort()).toEqual(starts.map(({ id }) => id).sort());
    const slices = byPhase(events, 'X');
    for (const start of starts) {
      const end = ends.find(({ id }) => id === start.id)!;
      const from = slices.find((slice) => holds(slice, start))!;
      const to = slices.find((slice) => slice.tid === end.tid && slice.ts === end.ts)!;
      const [, stage, op, microBatch] = /^(\d+)([FB])(\d+)$/.exec(from.name)!;
      expect(to.name).toBe(`${Number(stage) + (op === 'F' ? 1 : -1)}${op}${microBatch}`);
    }
  });

  it('counts activations in flight: never below none, none left over, as many as the schedule stashes', () => {
    for (const schedule of [training, fillDrain({ stages: 3, microBatches: 5 })]) {
      const counters = byPhase(traceOf(schedule), 'C');
      const held = new Map(
        counters.map(({ name }) => [name, counters.filter((other) => other.name === name)]),
      );
      expect(held.size).toBe(3);
      for (const [, events] of held) {
        expect(Math.min(...events.map(({ args }) => Number(args!['held'])))).toBe(0);
        expect(events.at(-1)!.args!['held']).toBe(0);
        expect(events.map(({ ts }) => ts)).toEqual(events.map(({ ts }) => ts).sort((a, b) => a - b));
      }
    }
    const first = byPhase(traceOf(training), 'C').filter(({ name }) => name.endsWith('IPU 0'));
    // PopART keeps 2(n-1-j)+1 activations of stage j; run freely, without the slots that bound a link, no fewer.
    expect(Math.max(...first.map(({ args }) => Number(args!['held'])))).toBeGreaterThanOrEqual(5);
  });

  it('is whole for any schedule, whatever its names hold', () => {
    const sizes = fc.record({
      stages: fc.integer({ min: 1, max: 5 }),
      microBatches: fc.integer({ min: 1, max: 9 }),
    });
    fc.assert(
      fc.property(sizes, fc.string(), (size, name) => {
        const events = traceOf({ ...fillDrain(size), name });
        expect(byPhase(events, 's')).toHaveLength((size.stages - 1) * size.microBatches);
        expect(byPhase(events, 'f')).toHaveLength((size.stages - 1) * size.microBatches);
        const forwards = byPhase(events, 'X').filter(({ name }) => /^\d+F\d+$/.test(name));
        expect(forwards).toHaveLength(size.stages * size.microBatches);
        expect(events.find(({ name }) => name === 'process_name')!.args!['name']).toContain(name);
      }),
      { numRuns: 40 },
    );
  });

  it('leaves no arrow open where a run ends in the middle', () => {
    let text = '';
    const events = new TraceEvents((piece) => (text += piece));
    events.beginRun(runOfSchedule(fillDrain({ stages: 2, microBatches: 2 })));
    const place = { kind: 'action', op: 'F', replica: 0, startNs: 0, endNs: 5, microBatch: 0 } as const;
    events.add({ ...place, rank: 0, stage: 0 });
    events.end();
    const { traceEvents } = JSON.parse(text) as { traceEvents: Event[] };
    expect(traceEvents.filter(({ ph }) => ph === 's' || ph === 'f')).toEqual([]);
  });

  it('writes nanoseconds exactly, also after an hour', () => {
    let text = '';
    const events = new TraceEvents((piece) => (text += piece));
    events.beginRun(runOfSchedule(fillDrain({ stages: 1, microBatches: 1 })));
    const hour = 3_600_000_000_007;
    events.add({ kind: 'stall', replica: 0, rank: 0, startNs: hour, endNs: hour + 1050 });
    events.end();
    expect(text).toContain('"ts":3600000000.007,"dur":1.050,');
  });

  it('streams a long run to disk in constant memory', async () => {
    const path = join(folder, 'long.json');
    const trace = new TraceWriter(path);
    const stages = ['a', 'b', 'c', 'd'];
    trace.beginRun({ name: 'long', kind: 'measured', stages, stageToRank: [0, 1, 2, 3] });
    const heap: number[] = [];
    let count = 0;
    for (const span of manySpans(4, 60_000)) {
      trace.add(span);
      if (++count % 30_000 === 0) heap.push(usedHeap());
    }
    trace.close();
    expect(count).toBe(240_000);
    const early = Math.max(...heap.slice(0, 2));
    const late = Math.max(...heap.slice(-2));
    // A span that were kept would take more than 50 bytes: 9 MB for these.
    expect(late - early).toBeLessThan(2 * 2 ** 20);
    expect((await stat(path)).size).toBeGreaterThan(2e7);
    const text = await readFile(path, 'utf8');
    expect(text.slice(-200)).toMatch(/\}\n\]\}\n$/);
  }, 240_000);

  it('refuses a folder that is not there, and spans without a run', () => {
    expect(() => new TraceWriter('/no/such/folder/trace.json')).toThrow(InputError);
    const span: Span = { kind: 'stall', replica: 0, rank: 0, startNs: 0, endNs: 1 };
    expect(() => new TraceEvents(() => undefined).add(span)).toThrow('beginRun');
  });
});

function holds(slice: Event, { pid, tid, ts }: Event): boolean {
  const within = ts >= slice.ts && ts < slice.ts + slice.dur!;
  return slice.pid === pid && slice.tid === tid && within && /^\d/.test(slice.name);
}

function usedHeap(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
