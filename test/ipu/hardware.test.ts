import { InputError } from 'ipu-pipeline';
import { systemByName } from 'ipu-pipeline/simulator';
import { CHIPS, hardwareOf, override, planMatmul, SYSTEMS } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';

interface Documented {
  readonly sources: Readonly<Record<string, string>>;
  readonly assumptions: Readonly<Record<string, string>>;
}

describe('hardware', () => {
  it.each(Object.entries(CHIPS))('%s has a source or a named assumption for each figure', (_, chip) => {
    const { sources, assumptions } = chip as unknown as Documented;
    const figures = Object.entries(chip).filter(([, value]) => typeof value === 'number');
    expect(figures.length).toBeGreaterThan(20);
    for (const [name] of figures) {
      const given = [sources[name], assumptions[name]].filter((text) => (text ?? '').length > 10);
      expect(given, name).toHaveLength(1);
    }
  });

  it('has the peaks that data sheets print', () => {
    const peak = (name: string): number => {
      const { tiles, clockHz, macsPerCycleFloat16 } = CHIPS[name]!;
      return (2 * macsPerCycleFloat16 * tiles * clockHz) / 1e12;
    };
    expect(peak('gc200')).toBeCloseTo(249.8, 0);
    expect(peak('bow')).toBeCloseTo(348.5, 0);
    expect(peak('gc2')).toBeCloseTo(124.5, 0);
    expect(peak('c600')).toBeCloseTo(280, 0);
  });

  it('shares what was fitted among all chips', () => {
    const fitted = Object.values(CHIPS).map((chip) => [chip.ampEfficiency, chip.trainingCallSeconds]);
    expect(new Set(fitted.map((values) => values.join())).size).toBe(1);
  });

  it('names every pod', () => {
    for (const [name, ipus] of [
      ['pod4', 4],
      ['pod16', 16],
      ['pod256', 256],
      ['bow-pod64', 64],
      ['m2000', 4],
    ] as const) {
      expect(SYSTEMS[name]!.ipus).toBe(ipus);
    }
    expect(systemByName('IPU-POD16').system.name).toBe('pod16');
    expect(() => systemByName('pod17')).toThrow(InputError);
    expect(() => systemByName('pod17')).toThrow(/bow-pod16/);
  });

  it('takes other figures, and refuses those that do not exist', () => {
    const hardware = hardwareOf('bow', 8);
    expect(override(hardware, { 'chip.ampEfficiency': 0.4 }).chip.ampEfficiency).toBe(0.4);
    expect(override(hardware, { 'system.ipusPerMachine': 2 }).system.ipusPerMachine).toBe(2);
    expect(hardware.chip.ampEfficiency).not.toBe(0.4);
    for (const path of ['chip.magic', 'ampEfficiency', 'chip.name', 'chip.', 'toString.length']) {
      expect(() => override(hardware, { [path]: 1 }), path).toThrow(/There is no figure/);
    }
    expect(() => override(hardware, { 'chip.clockHz': -1 })).toThrow(/chip\.clockHz cannot be -1/);
  });
});

describe('a matmul on tiles', () => {
  const chip = CHIPS['gc200']!;
  const settings = { precision: 'float16', halfPartials: true, proportion: 0.2 } as const;

  it('is never faster than the peak, and not slower with more memory', () => {
    for (const rows of [1, 7, 128, 1024, 10_240]) {
      for (const [inner, columns] of [
        [1024, 1024],
        [1024, 4096],
        [4096, 1024],
        [768, 30_522],
        [64, 2],
      ] as const) {
        const product = { groups: 1, rows, inner, columns };
        const plan = planMatmul(product, settings, chip);
        expect(plan.cycles).toBeGreaterThan(plan.idealCycles);
        expect(planMatmul(product, { ...settings, proportion: 0.6 }, chip).cycles).toBeLessThanOrEqual(
          plan.cycles,
        );
      }
    }
  });

  it('keeps to its allowance where it can', () => {
    for (const proportion of [0.1, 0.2, 0.5]) {
      const { bytesPerTile } = planMatmul(
        { groups: 1, rows: 2048, inner: 1024, columns: 4096 },
        { ...settings, proportion },
        chip,
      );
      expect(bytesPerTile).toBeLessThanOrEqual(proportion * chip.sramBytesPerTile);
    }
  });

  it('takes longer with float32 partial sums, and longer still in float32', () => {
    const product = { groups: 1, rows: 1536, inner: 1024, columns: 4096 };
    const half = planMatmul(product, settings, chip).cycles;
    const full = planMatmul(product, { ...settings, halfPartials: false }, chip).cycles;
    const single = planMatmul(product, { ...settings, precision: 'float32' }, chip).cycles;
    expect(full).toBeGreaterThan(half);
    expect(single).toBeGreaterThan(full);
  });
});
