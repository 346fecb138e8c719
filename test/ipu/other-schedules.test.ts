import fc from 'fast-check';
import { InputError, IpuConfig } from 'ipu-pipeline';
import { SCHEDULES, type Span } from 'ipu-pipeline/schedules';
import {
  configuredRun,
  publishedModel,
  simulateIpus,
  systemByName,
  type IpuRun,
  type IpuRunSettings,
} from 'ipu-pipeline/simulator';
import { memoryPerIpu, scheduleOf, stageCosts } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';

interface Asked {
  readonly layers: readonly number[];
  readonly depth: number;
  readonly schedule?: IpuRunSettings['schedule'];
  readonly mode?: 'training' | 'inference';
  readonly head?: IpuRunSettings['model']['head'];
}

function runWith({ layers, depth, schedule, mode = 'training', head }: Asked): IpuRun {
  const config = new IpuConfig({
    layers_per_ipu: [...layers],
    ipus_per_replica: layers.length,
    gradient_accumulation_steps: depth,
    inference_device_iterations: depth,
  });
  const model = { ...publishedModel('bert-base', head)!, layers: layers.reduce((a, b) => a + b, 0) };
  return configuredRun(config, {
    model,
    mode,
    hardware: systemByName('pod16'),
    sequenceLength: 128,
    microBatch: 2,
    ...(schedule ? { schedule } : {}),
  }).run;
}

const TRAINING = SCHEDULES.filter(({ isTraining }) => isTraining).map(({ name }) => name);

describe('another schedule than PopART’s', () => {
  it.each(TRAINING)('%s has every layer and both ends once, on the IPUs that had the layers', (name) => {
    fc.assert(
      fc.property(
        fc.constantFrom(2, 4),
        fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 4 }),
        (ipus, counts) => {
          const layers = counts.slice(0, ipus);
          const run = runWith({ layers, depth: 8, schedule: { name } });
          const perIpu = layers.map((_, ipu) =>
            run.stages.filter((stage) => stage.ipu === ipu).reduce((sum, stage) => sum + stage.attention, 0),
          );
          expect(perIpu).toEqual(layers);
          expect(run.stages.map(({ embedding }) => embedding).indexOf(true)).toBe(0);
          expect(run.stages.filter(({ head }) => head)).toHaveLength(1);
          expect(run.stages.at(-1)!.head).toBe(true);
          expect(scheduleOf(run).stageToRank).toEqual(run.stages.map(({ ipu }) => ipu));
        },
      ),
      { numRuns: 20 },
    );
  });

  it.each(TRAINING)(
    '%s takes at least what its busiest IPU computes, and its spans tile the update',
    (name) => {
      const run = runWith({ layers: [3, 3, 3, 3], depth: 8, schedule: { name } });
      const spans: Span[] = [];
      const simulation = simulateIpus(run, { onSpan: (span) => spans.push(span) });
      const costs = stageCosts(run);
      const busiest = Math.max(
        ...[0, 1, 2, 3].map((ipu) =>
          run.stages.reduce((sum, stage, j) => {
            const { forwardNs, recomputeNs, backwardNs } = costs[j]!;
            return stage.ipu === ipu ? sum + 8 * (forwardNs + recomputeNs + backwardNs) : sum;
          }, 0),
        ),
      );
      const end = Math.max(...spans.map(({ endNs }) => endNs));
      expect(end).toBeGreaterThanOrEqual(busiest);
      // The call of the host too: the picture is the whole update.
      expect(Math.round(simulation.rates.stepSeconds * 1e9)).toBe(end);
      for (let rank = 0; rank < 4; rank++) {
        const own = spans.filter((span) => span.rank === rank);
        expect(own[0]!.startNs).toBe(0);
        own.slice(1).forEach((span, at) => expect(span.startNs).toBe(own[at]!.endNs));
        expect(own.at(-1)!.endNs).toBe(end);
        const seconds = Object.values(simulation.ipus[rank]!.seconds).reduce((a, b) => a + b, 0);
        expect(seconds * 1e9).toBeCloseTo(simulation.rates.stepSeconds * 1e9, -2);
      }
    },
  );

  it('keeps what its order keeps: all of GPipe, n − j of 1F1B', () => {
    const stash = (name: string): number[] => {
      const run = runWith({ layers: [3, 3, 3, 3], depth: 16, schedule: { name } });
      return memoryPerIpu(run).map(({ bytes }) => bytes.stash);
    };
    const [gpipe, oneFOneB] = [stash('gpipe'), stash('1f1b')];
    const unit = gpipe[1]! / 16;
    expect(gpipe.slice(1)).toEqual([16 * unit, 16 * unit, 16 * unit]);
    expect(oneFOneB.slice(1)).toEqual([3 * unit, 2 * unit, 0]);
  });

  it('has a smaller bubble with the weights’ half of backward put off', () => {
    const bubble = (name: string): number =>
      simulateIpus(runWith({ layers: [3, 3, 3, 3], depth: 16, schedule: { name } })).bubbleShare;
    expect(bubble('zb1p')).toBeLessThan(bubble('1f1b'));
    expect(bubble('zbv')).toBeLessThan(bubble('1f1b'));
  });

  it('cuts as many chunks as it is asked for', () => {
    const run = runWith({ layers: [4, 4], depth: 8, schedule: { name: 'interleaved-1f1b', chunks: 4 } });
    expect(run.stages.map(({ ipu, attention }) => [ipu, attention])).toEqual(
      Array.from({ length: 8 }, (_, j) => [j % 2, 1]),
    );
  });

  it('comes back to the first IPU for a head that sits there', () => {
    const run = runWith({ layers: [3, 3], depth: 8, schedule: { name: '1f1b' }, head: 'masked-lm' });
    expect(run.stages.map(({ ipu, head }) => [ipu, head])).toEqual([
      [0, false],
      [1, false],
      [0, true],
    ]);
    expect(simulateIpus(run).rates.sequencesPerSecond).toBeGreaterThan(0);
  });

  it('runs inference without lockstep, no slower than with it', () => {
    const asked: Asked = { layers: [2, 4], depth: 12, mode: 'inference' };
    const lockstep = simulateIpus(runWith(asked));
    const free = simulateIpus(runWith({ ...asked, schedule: { name: 'fill-drain' } }));
    expect(free.rates.sequencesPerSecond).toBeGreaterThanOrEqual(lockstep.rates.sequencesPerSecond);
    const one = simulateIpus(runWith({ ...asked, schedule: { name: 'sequential' } }));
    expect(one.rates.sequencesPerSecond).toBeLessThan(free.rates.sequencesPerSecond);
    expect(free.latencyMs).toBeGreaterThanOrEqual(one.latencyMs);
  });

  it('refuses what does not go together', () => {
    const ask = (more: Partial<Asked>) => () => runWith({ layers: [3, 3], depth: 8, ...more });
    expect(ask({ schedule: { name: 'fill-drain' } })).toThrow(InputError);
    expect(ask({ schedule: { name: 'fill-drain' } })).toThrow(
      /schedule of inference, but the mode is training/,
    );
    expect(ask({ schedule: { name: 'nosuch' } })).toThrow(/no schedule "nosuch"/);
    expect(ask({ schedule: { name: '1f1b', chunks: 2 } })).toThrow(/one stage on each IPU and no chunks/);
    expect(ask({ schedule: { name: 'zbv', chunks: 3 } })).toThrow(/two stages on each IPU, not 3/);
  });
});
