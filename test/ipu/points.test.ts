import { readFileSync } from 'node:fs';
import { InputError } from 'ipu-pipeline';
import {
  comparePoints,
  fitPoints,
  leaveOneOut,
  parsePoints,
  type HardwareOverrides,
} from 'ipu-pipeline/simulator';
import { memoryPerIpu } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { shared } from '../shared-data.js';

const point = {
  id: 'small',
  model: { hiddenSize: 256, layers: 4, attentionHeads: 4, vocabSize: 1000, head: 'question-answering' },
  mode: 'training',
  chip: 'gc200',
  ipus: 4,
  ipusPerReplica: 2,
  replicas: 2,
  sequenceLength: 128,
  microBatch: 4,
  gradientAccumulation: 16,
  stages: [
    { ipu: 0, embedding: true, attention: 2, feedForward: 2 },
    { ipu: 1, attention: 2, feedForward: 2, head: true },
  ],
  recompute: 'stage',
  optimizer: { name: 'adamw', stateOffChip: false, replicatedTensorSharding: true },
  measured: { rowsPerSecond: 100 },
};

describe.skipIf(!shared.available)('measured runs on IPUs', () => {
  const points = shared.available
    ? (JSON.parse(readFileSync(shared.path('ipu/points.json'), 'utf8')) as unknown)
    : [];

  it('are predicted within 5 %, the rough one within 25 %', () => {
    const compared = comparePoints(parsePoints(points)).points;
    expect(compared.length).toBeGreaterThanOrEqual(5);
    const quality = new Map(parsePoints(points).map(({ id, quality = '' }) => [id, quality]));
    for (const { id, error } of compared) {
      expect(Math.abs(error!), id).toBeLessThanOrEqual(quality.get(id)!.startsWith('C') ? 0.25 : 0.05);
    }
  });

  it('fit in the memory that they ran in', () => {
    for (const { id, run } of parsePoints(points)) {
      for (const ipu of memoryPerIpu(run)) expect(ipu.fits, `${id}, IPU ${ipu.ipu}`).toBe(true);
    }
  });

  it('are predicted by a fit of the others', () => {
    const parse = (overrides: HardwareOverrides) => parsePoints(points, overrides);
    const left = leaveOneOut(parse, ['chip.ampEfficiency', 'chip.weightUpdateSeconds']);
    const exact = left.filter(({ id }) => id.startsWith('mlperf'));
    for (const { id, error } of exact) expect(Math.abs(error), id).toBeLessThanOrEqual(0.05);
  });
});

describe('points files', () => {
  it('give throughput, step time and errors in the documented form', () => {
    const result = comparePoints(parsePoints([point]));
    expect(Object.keys(result)).toEqual(['points', 'meanAbsoluteError', 'worstAbsoluteError']);
    const [{ predicted, error }] = result.points as [(typeof result.points)[number]];
    expect(predicted.rowsPerSecond).toBeCloseTo((4 * 16 * 2) / predicted.stepSeconds);
    expect(error).toBeCloseTo(predicted.rowsPerSecond / 100 - 1);
  });

  it('may measure any of the three, or nothing', () => {
    const { predicted } = comparePoints(parsePoints([point])).points[0]!;
    const errorOf = (measured: object) =>
      comparePoints(parsePoints([{ ...point, measured }])).points[0]!.error;
    expect(errorOf({ stepSeconds: predicted.stepSeconds })).toBeCloseTo(0);
    expect(errorOf({ stepSeconds: 2 * predicted.stepSeconds })).toBeCloseTo(1);
    expect(errorOf({ sequencesPerSecond: predicted.sequencesPerSecond })).toBeCloseTo(0);
    expect(errorOf({ rowsPerSecond: null })).toBeNull();
    expect(comparePoints(parsePoints([{ ...point, measured: {} }])).meanAbsoluteError).toBeNull();
  });

  it('takes decoders and other spellings of heads', () => {
    for (const head of [
      'lm',
      'causal-lm',
      'language-modeling',
      'LMHead',
      'masked_lm',
      'pre-training',
      'qa',
    ]) {
      const points = parsePoints([{ ...point, model: { ...point.model, head } }]);
      expect(comparePoints(points).points[0]!.predicted.rowsPerSecond, head).toBeGreaterThan(0);
    }
    const costs = (head: string): number =>
      comparePoints(parsePoints([{ ...point, model: { ...point.model, head } }])).points[0]!.predicted
        .stepSeconds;
    expect(costs('lm')).toBeGreaterThan(costs('masked-lm')); // all tokens are projected, not the masked ones
  });

  it.each([
    ['an unknown chip', { chip: 'gc300' }, /small: chip is "gc300".*gc200/],
    ['an unknown head', { model: { ...point.model, head: 'wheels' } }, /small: model\.head is "wheels"/],
    [
      'stages that do not add up',
      { model: { ...point.model, layers: 5 } },
      /small: stages hold 4 attention halves, but model\.layers is 5/,
    ],
    ['a missing number', { microBatch: undefined }, /small: microBatch is missing/],
    ['a number of the wrong kind', { sequenceLength: 12.5 }, /small: sequenceLength is 12\.5/],
    [
      'a stage outside of the replica',
      { ipusPerReplica: 1, ipus: 2 },
      /small: stages\.1\.ipu is 1, but ipusPerReplica is 1/,
    ],
    ['too few IPUs', { ipus: 3 }, /small: ipus is 3, but 2 replicas of 2 need 4/],
    ['too few micro-batches', { gradientAccumulation: 2 }, /small: gradientAccumulation is 2.*need 3/],
    [
      'proportions for other IPUs',
      { matmulProportion: [0.1, 0.2, 0.3] },
      /small: matmulProportion has 3 entries for 2 IPUs/,
    ],
    ['a negative measurement', { measured: { stepSeconds: -1 } }, /small: measured\.stepSeconds is -1/],
  ])('names id and field of %s', (_, change, message) => {
    expect(() => parsePoints([{ ...point, ...change }])).toThrow(InputError);
    expect(() => parsePoints([{ ...point, ...change }])).toThrow(message);
  });

  it('refuses what holds no points, and ids that come twice', () => {
    for (const value of [{}, [], 'points', null]) expect(() => parsePoints(value)).toThrow(InputError);
    expect(() => parsePoints([point, point])).toThrow(/Two points have the id small/);
  });
});

describe('a fit', () => {
  it('finds the figures that made the measurements', () => {
    const truth = { 'chip.ampEfficiency': 0.6, 'chip.weightUpdateSeconds': 0.02 };
    const sizes = [4, 16].flatMap((microBatch) =>
      [16, 256].map((gradientAccumulation) => ({ microBatch, gradientAccumulation })),
    );
    const raw = sizes.map((size, index) => ({ ...point, ...size, id: `p${index}` }));
    const made = comparePoints(parsePoints(raw, truth)).points;
    const measured = raw.map((one, index) => ({ ...one, measured: { ...made[index]!.predicted } }));
    const fit = fitPoints((overrides) => parsePoints(measured, overrides), Object.keys(truth));
    for (const [name, value] of Object.entries(truth)) expect(fit[name]! / value).toBeCloseTo(1, 1);
  });

  it('refuses a figure that does not exist', () => {
    expect(() => fitPoints(() => parsePoints([point]), ['chip.magic'])).toThrow(/chip\.magic/);
  });
});
