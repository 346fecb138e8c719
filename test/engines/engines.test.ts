import fc from 'fast-check';
import { ScheduleError } from 'ipu-pipeline';
import {
  lower,
  namedSchedule,
  parseCsv,
  scheduleByName,
  SCHEDULES,
  validateSchedule,
  type NamedSchedule,
  type Op,
  type Schedule,
} from 'ipu-pipeline/schedules';
import { simulate, simulateLockstep, type SimulationOptions } from 'ipu-pipeline/simulator';
import { describe, expect, it } from 'vitest';
import { anySchedule, scheduleOf } from '../pipeline/sizes.js';
import { expectRows, expectRule, onRuntime, SIMULATORS } from './engines.js';
import reference from './reference.json' with { type: 'json' };

const { lockstep, ...freely } = SIMULATORS;
const [own, shared] = [freely['a core for each rank'], freely['shared cores']];
const equal = { costNs: () => 10 };

/** A size that every kind of schedule has. */
const onRanks = ({ generate, layout }: NamedSchedule, ranks: number): Schedule =>
  generate({ stages: layout === 'line' ? ranks : 2 * ranks, microBatches: 4 * ranks });

const hasOneActionPerCell = ({ ranks }: Schedule) =>
  ranks.every((row) => row.every(({ length }) => length < 2));

describe.each(SCHEDULES)('$name on every engine', (kind) => {
  it('is in the same order, one that the rule allows, and takes the same time at equal costs', () => {
    fc.assert(
      fc.property(scheduleOf(kind), (schedule) => {
        const { makespanNs } = own(schedule, equal);
        for (const run of Object.values(SIMULATORS)) {
          const ran = run(schedule, equal);
          expectRows(schedule, ran);
          expectRule(schedule, ran);
          if (run !== lockstep) expect(ran.makespanNs).toBe(makespanNs);
          else expect(ran.makespanNs).toBeGreaterThanOrEqual(makespanNs);
        }
        // Where a cycle is one action, at equal costs it makes no difference that ranks wait for each other.
        if (hasOneActionPerCell(schedule) && !/^(popart|tf-)/.test(schedule.name)) {
          expect(lockstep(schedule, equal).makespanNs).toBe(makespanNs);
        }
      }),
      { numRuns: 25 },
    );
  });

  it.each([false, true])('on the runtime too, threads: %s', async (threads) => {
    for (const ranks of threads ? [3] : [2, 3]) {
      const schedule = onRanks(kind, ranks);
      const ran = await onRuntime(schedule, threads);
      expectRows(schedule, ran);
      expectRule(schedule, ran);
    }
  });
});

describe('both clocks of the free engine', () => {
  const costs = fc.array(fc.integer({ min: 0, max: 50 }), { minLength: 16, maxLength: 16 });
  const wires = fc.record({
    activationBytes: fc.nat(100),
    bytesPerNs: fc.constantFrom(2, 7.5),
    latencyNs: fc.nat(9),
  });
  const settings = fc.record(
    { exchange: wires, dispatchNs: fc.constant({ atOnce: 3, afterWait: 8 }), replicas: fc.constant(2) },
    { requiredKeys: [] },
  );

  it('give the same spans, whatever costs, transfers, dispatch, replicas and overlaps there are', () => {
    fc.assert(
      fc.property(anySchedule, costs, settings, fc.boolean(), (schedule, ns, more, isLowered) => {
        const costNs = (stage: number, op: Op) => ns[(stage * 5 + op.charCodeAt(0)) % ns.length]!;
        const options = { costNs, overlapNs: () => 20, ...more };
        const written = isLowered ? lower(schedule) : schedule;
        const [a, b] = [own(written, options), shared(written, options)];
        expect(b.makespanNs).toBe(a.makespanNs);
        for (let rank = 0; rank < schedule.ranks.length; rank++) {
          const of = ({ spans }: typeof a) =>
            spans.filter((span) => span.rank === rank && span.replica === 0);
          expect(of(b)).toEqual(of(a));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('begin an overlapped pair together, which takes the time of both', () => {
    const takes = (stages: number) => {
      const schedule = scheduleByName('dualpipev')({ stages, microBatches: 8 });
      const [makespanNs, other] = [own, shared].map((run) => run(schedule, equal).makespanNs);
      expect(other).toBe(makespanNs);
      return makespanNs;
    };
    expect([takes(4), takes(8)]).toEqual([360, 420]);
  });

  it('say of an action of a whole stage no micro-batch, and of no action whether it overlaps', () => {
    const whole = parseCsv('x.csv', '0UNSHARD,(0F0;0F1)OVERLAP_F_B,0B0,0B1,0REDUCE_GRAD\n');
    for (const run of Object.values(SIMULATORS)) {
      const spans = run(whole, equal).spans.filter(({ kind }) => kind === 'action');
      expect(spans[0]).toEqual({
        ...{ kind: 'action', replica: 0, rank: 0, startNs: 0, endNs: 10, stage: 0, op: 'UNSHARD' },
      });
      for (const span of spans) expect(span).not.toHaveProperty('overlapsNext');
    }
  });

  it.each<[SimulationOptions, string]>([
    [{ costNs: () => 1, replicas: 0 }, 'replicas is 0; give a whole number from 1'],
    [
      { costNs: () => 1, dispatchNs: { atOnce: 0.5, afterWait: 1 } },
      'the cost of dispatch at stage 0 is 0.5',
    ],
    [
      { costNs: () => 1e12, speed: () => 1 },
      'the cost of F at stage 0 is 1000000000000; give a whole number',
    ],
  ])('refuse what is no time or number', (options, message) => {
    const run = () => simulate(scheduleByName('fill-drain')({ stages: 1, microBatches: 1 }), options);
    expect(run).toThrow(ScheduleError);
    expect(run).toThrow(message);
  });
});

describe('lockstep', () => {
  it.each([
    [
      '0F0,0B0,0F1,0B1\n1F0,1F1,1B0,1B1',
      'in lockstep, 1F0 in cycle 0 waits for 0F0, which no cycle before has done',
    ],
    ['0F0\n1F0', 'in lockstep, 1F0 in cycle 0 waits for 0F0'],
    ['1F0\n0F0', 'in lockstep, 1F0 in cycle 0 waits for 0F0'],
    ['0F0,,\n,1F0,1F1', 'the schedule x.csv is incomplete: 0F1 is missing'],
    ['0F0,0F0', '0F0 stands in cycle 0 already'],
  ])('refuses %j', (text, message) => {
    const run = () => simulateLockstep(parseCsv('x.csv', text), { costNs: () => 10 });
    expect(run).toThrow(ScheduleError);
    expect(run).toThrow(message);
    expect(run).toThrow(/▲ here/);
  });

  it('takes what its own rank did before in the same cycle', () => {
    expect(simulateLockstep(parseCsv('x.csv', '0F0+1F0'), { costNs: () => 10 }).makespanNs).toBe(20);
  });

  it('lets one in only after the cycle in which one left, whichever rank that is', () => {
    for (const text of ['0F0,0F1,\n,1F0,1F1', ',1F0,1F1\n0F0,0F1,']) {
      const schedule = { ...parseCsv('x.csv', text), inFlightLimit: 1 };
      validateSchedule(schedule);
      const run = () => simulateLockstep(schedule, { costNs: () => 10 });
      expect(run).toThrow('in lockstep, 0F1 in cycle 1 waits for in-flight-limit');
    }
  });
});

describe('reference figures', () => {
  const COSTS: Partial<Record<Op, number>> = { F: 30, B: 70, I: 41, W: 29 };
  const costNs = (stage: number, op: Op): number => (COSTS[op] === undefined ? 0 : COSTS[op] + (stage % 3));
  const exchange = { activationBytes: 1000, bytesPerNs: 27.5, latencyNs: 5 };

  /** What the three simulators of version 0.1.0 gave: free, with transfers, with 2 slots a link, in lockstep. */
  it.each(Object.entries(reference))('%s', (size, [plain, withTransfers, withSlots, cycles]) => {
    const [name, ranks, microBatches] = size.split(' ');
    const { generate, layout } = namedSchedule(name!);
    const stages = layout === 'line' ? Number(ranks) : 2 * Number(ranks);
    const schedule = generate({ stages, microBatches: Number(microBatches) });
    for (const run of [own, shared]) {
      expect(run(schedule, { costNs }).makespanNs).toBe(plain);
      expect(run(schedule, { costNs, exchange }).makespanNs).toBe(withTransfers);
      const slots = () => run(schedule, { costNs, slotsPerLink: 2 }).makespanNs;
      if (withSlots === 0) expect(slots).toThrow(ScheduleError);
      else expect(slots()).toBe(withSlots);
    }
    expect(lockstep(schedule, { costNs }).makespanNs).toBe(cycles);
  });
});
