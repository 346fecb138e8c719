import { readFileSync } from 'node:fs';
import { InputError } from 'ipu-pipeline';
import {
  calibrationOf,
  comparePoints,
  fitPoints,
  leaveOneOut,
  loadPoints,
  parsePoints,
  simulateIpus,
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
  const records = shared.available
    ? ['points', 'points-2'].flatMap(
        (name) => JSON.parse(readFileSync(shared.path(`ipu/${name}.json`), 'utf8')) as { id: string }[],
      )
    : [];
  const points = parsePoints(records);
  const bert = points.filter(({ run }) => calibrationOf(run).isCalibrated);
  const exact = bert.filter(({ quality = '' }) => !quality.startsWith('C'));
  const FIGURES = ['chip.ampEfficiency', 'chip.trainingCallSeconds'];
  const at = (overrides: HardwareOverrides, some = bert) =>
    some.map((point) => ({
      ...point,
      run: {
        ...point.run,
        hardware: { ...point.run.hardware, chip: { ...point.run.hardware.chip, ...chip(overrides) } },
      },
    }));
  const chip = (overrides: HardwareOverrides) =>
    Object.fromEntries(Object.entries(overrides).map(([name, value]) => [name.slice('chip.'.length), value]));

  it('are predicted within 10 %, the mean within 3.5 %; the rough one within 25 %', () => {
    const compared = comparePoints(exact);
    expect(exact.length).toBeGreaterThanOrEqual(13);
    expect(compared.meanAbsoluteError).toBeLessThanOrEqual(0.035);
    expect(compared.worstAbsoluteError).toBeLessThanOrEqual(0.1);
    expect(comparePoints(bert).worstAbsoluteError).toBeLessThanOrEqual(0.25);
  });

  it('fit in the memory that they ran in, but for one that keeps four layers at length 512 alive', () => {
    const full = points.filter(({ run }) => memoryPerIpu(run).some((ipu) => !ipu.fits));
    expect(full.map(({ id }) => id)).toEqual(['bow-pod16-popart-base-sl512']);
    for (const { totalBytes, limitBytes } of memoryPerIpu(full[0]!.run)) {
      expect(totalBytes / limitBytes).toBeLessThan(1.15);
    }
  });

  it('are predicted by a fit of the others, as well as the output says', () => {
    const left = leaveOneOut(at, fitPoints(at, FIGURES));
    expect(left.map(({ id }) => id)).toEqual(bert.map(({ id }) => id));
    const errors = left.map(({ error }) => Math.abs(error));
    expect(mean(errors)).toBeLessThanOrEqual(0.05);
    const kind = (name: string) => errors.filter((_, index) => calibrationOf(bert[index]!.run).kind === name);
    for (const name of ['BERT pre-training', 'BERT fine-tuning', 'BERT inference']) {
      const { meanError, worstError, runs } = calibrationOf(
        bert.find(({ run }) => calibrationOf(run).kind === name)!.run,
      );
      expect(kind(name).length, name).toBe(runs);
      expect(mean(kind(name)), name).toBeLessThanOrEqual(meanError! + 0.005);
      expect(Math.max(...kind(name)), name).toBeLessThanOrEqual(worstError! + 0.005);
    }
  });

  it('left out one by one, are as a fit of the others by itself says', () => {
    const left = leaveOneOut(at, fitPoints(at, FIGURES));
    for (const index of [1, 6]) {
      const { id, error } = left[index]!;
      const others = bert.filter((point) => point.id !== id);
      const fit = fitPoints((overrides) => at(overrides, others), FIGURES);
      const [own] = comparePoints(at(fit, [bert[index]!])).points;
      expect(error).toBeCloseTo(own!.error!, 2);
    }
  });

  it('of shapes that were not calibrated on are said to be so', () => {
    const vit = points.find(({ id }) => id.includes('vit'))!;
    expect(simulateIpus(vit.run).calibration).toMatchObject({
      isCalibrated: false,
      text: expect.stringMatching(
        /Not calibrated for training of a model of images; .* 59 % faster/,
      ) as string,
    });
  });
});

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

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

  it('with one bad record name it and predict the others', () => {
    const bad = [
      { ...point, id: 'bad', microBatch: 0 },
      { ...point, id: 'shallow', gradientAccumulation: 2 },
      point,
    ];
    const { points, problems } = loadPoints(JSON.stringify([point, ...bad]), 'runs.json');
    expect(points({}).map(({ id }) => id)).toEqual(['small']);
    expect(problems).toEqual([
      expect.stringMatching(/^runs\.json: Point bad: microBatch is 0/),
      expect.stringMatching(/^runs\.json: Point shallow: gradientAccumulation is 2/),
      expect.stringMatching(/^runs\.json: Two points have the id small/),
    ]);
    expect(() => loadPoints(JSON.stringify(bad.slice(0, 2)), 'runs.json')).toThrow(/Point bad: microBatch/);
  });

  it('may stash in 8 bits: half of the bytes', () => {
    const three = {
      ...point,
      ipusPerReplica: 3,
      replicas: 1,
      stages: [
        { ipu: 0, embedding: true },
        ...point.stages.slice(0, 1).map((stage) => ({ ...stage, ipu: 1, embedding: false })),
        { ...point.stages[1], ipu: 2 },
      ],
    };
    const [wide, narrow] = ['float16', 'float8'].map(
      (stashPrecision) => memoryPerIpu(parsePoints([{ ...three, stashPrecision }])[0]!.run)[1]!.bytes.stash,
    );
    expect(narrow).toBeGreaterThan(0);
    expect(narrow! * 2).toBe(wide);
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

  it('counts its steps, and predicts each point some times and not more with more points', () => {
    const count = (points: number): number => {
      let asked = 0;
      const raw = Array.from({ length: points }, (_, index) => {
        return {
          ...point,
          id: `p${index}`,
          microBatch: 1 + (index % 8),
          measured: { rowsPerSecond: 900 + 300 * index },
        };
      });
      const parsed = parsePoints(raw);
      const steps: number[] = [];
      const fit = fitPoints(
        () => {
          asked++;
          return parsed;
        },
        ['chip.ampEfficiency'],
        (done, most) => steps.push(done / most),
      );
      leaveOneOut(() => (asked++, parsed), fit);
      expect(steps.at(-1)).toBe(1);
      expect(steps).toEqual([...steps].sort((a, b) => a - b));
      return asked - points; // each is asked for once where it is left out
    };
    expect(count(12)).toBe(count(4));
  });

  it('refuses a figure that does not exist', () => {
    expect(() => fitPoints(() => parsePoints([point]), ['chip.magic'])).toThrow(/chip\.magic/);
  });
});
