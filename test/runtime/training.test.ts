import { Pipeline, ScheduleError, type Tensor } from 'ipu-pipeline';
import {
  lower,
  namedSchedule,
  parseCsv,
  printCsv,
  type Op,
  type Schedule,
  type Span,
} from 'ipu-pipeline/schedules';
import type { PipelineOptions, StageSpec } from 'ipu-pipeline/runtime';
import { HANDLERS, type Handler } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { asFailure, collect, options, stage, stagesOnIpus, thrownBy } from './pipelines.js';

// @ts-expect-error: an op without a handler does not compile. `npm run types` checks it.
export const handlers: Readonly<Record<Op | 'PREFETCH', Handler>> = HANDLERS;

const PRIME = 8191;
const RATE = 3;
/** Micro-batches of one step: a number that every schedule takes on 1 to 4 ranks. */
const M = 24;
const mod = (value: number) => ((value % PRIME) + PRIME) % PRIME;
const weightOf = (j: number) => 5 + 7 * j;
const inputOf = (i: number) => ({ x: 11 + 3 * i, target: 100 + 17 * i });

/** The same training, one stage after another and one micro-batch after another, without a pipeline. */
function straight(stages: number, microBatches: number, total: number): number[][] {
  const weights = Array.from({ length: stages }, (_, j) => weightOf(j));
  const results: number[][] = [];
  for (let first = 0; first < total; first += microBatches) {
    const sums = weights.map(() => 0);
    for (let i = first; i < Math.min(first + microBatches, total); i++) {
      const { x, target } = inputOf(i);
      const inputs = [x];
      for (const w of weights) inputs.push(mod(w * inputs.at(-1)!));
      results.push([inputs.at(-1)!, ...weights]);
      let g = mod(inputs.at(-1)! - target);
      for (let j = stages - 1; j >= 0; j--) {
        sums[j] = mod(sums[j]! + g * inputs[j]!);
        g = mod(g * weights[j]!);
      }
    }
    weights.forEach((w, j) => (weights[j] = mod(w - RATE * sums[j]!)));
  }
  return results;
}

function tensor(name: string, value: number): Tensor {
  return { name, dtype: 'int32', shape: [1], data: Int32Array.of(value) };
}

function* samples(total: number): Generator<readonly Tensor[]> {
  for (let i = 0; i < total; i++) {
    const { x, target } = inputOf(i);
    yield [tensor('x', x), tensor('target', target)];
  }
}

const modular = (stageToRank: readonly number[], init: (j: number) => object = () => ({})): StageSpec[] =>
  stagesOnIpus(stageToRank, (j) =>
    stage('modular', { weight: weightOf(j), isLast: j === stageToRank.length - 1, rate: RATE, ...init(j) }),
  );

/** A schedule that is given whole says how long a call is. */
const start = (stages: readonly StageSpec[], schedule: Schedule, more: Partial<PipelineOptions> = {}) =>
  Pipeline.start(options(stages, { schedule, deviceIterations: undefined, ...more }));

async function train(schedule: Schedule, total: number, more: Partial<PipelineOptions> = {}) {
  await using pipeline = await start(modular(schedule.stageToRank), schedule, more);
  const results = await collect(pipeline.run(samples(total)));
  return results.map(({ tensors }) =>
    tensors.filter(({ name }) => name !== 'target').map(({ data }) => data[0]),
  );
}

/** Of each schedule that goes backward: on 1 to 4 ranks, where it can be. */
const made = (name: string, ranks: number): Schedule => {
  const { generate, layout } = namedSchedule(name);
  return generate({ stages: layout === 'line' ? ranks : 2 * ranks, microBatches: M });
};

describe.each([
  'gpipe',
  '1f1b',
  'interleaved-1f1b',
  'looped-bfs',
  'zb1p',
  'interleaved-zb',
  'zbv',
  'dualpipev',
  'popart',
  'tf-grouped',
  'tf-interleaved',
  'tf-sequential',
])('Training by %s', (name) => {
  it.each([true, false])('gives the weights of a straight computation, threads: %s', async (threads) => {
    for (const ranks of threads ? [1, 3] : [1, 2, 3, 4]) {
      const schedule = made(name, ranks);
      const expected = straight(schedule.stages, M, 3 * M);
      expect(await train(schedule, 3 * M, { threads, slotsPerLink: M })).toEqual(expected);
    }
  });
});

describe('Training', () => {
  it('runs what a file says, its transfers written out too', async () => {
    const schedule = made('zb1p', 3);
    const expected = straight(3, M, 2 * M);
    for (const written of [schedule, lower(schedule)]) {
      const read = parseCsv('mine.csv', printCsv(written));
      for (const threads of [true, false]) expect(await train(read, 2 * M, { threads })).toEqual(expected);
    }
  });

  it('updates after fewer micro-batches where the input ends within a step', async () => {
    for (const name of ['1f1b', 'zb1p', 'interleaved-1f1b']) {
      const schedule = made(name, 2);
      expect(await train(schedule, M + 5, { threads: false, slotsPerLink: M })).toEqual(
        straight(schedule.stages, M, M + 5),
      );
    }
  });

  it('forgets the part of a step that was broken off', async () => {
    const schedule = made('1f1b', 2);
    await using pipeline = await start(modular([0, 1]), schedule);
    for await (const { index } of pipeline.run(samples(80))) if (index === 3) break;
    const again = await collect(pipeline.run(samples(M + 1)));
    expect(again.map(({ tensors }) => tensors[0]?.data[0]).slice(0, M)).toEqual(
      straight(2, M, M).map(([y]) => y),
    );
    expect(again.length).toBe(M + 1);
  });

  it('shows every op in the spans, and an update that no forward of the next step passes', async () => {
    const spans: Span[] = [];
    await train(made('zb1p', 2), 3 * M, { onSpan: (span) => spans.push(span) });
    const actions = spans.filter(({ kind }) => kind === 'action');
    expect(new Set(actions.map(({ op }) => op))).toEqual(new Set(['F', 'I', 'W', 'UPDATE']));
    for (const j of [0, 1]) {
      const own = actions.filter((span) => span.stage === j);
      const updates = own.filter(({ op }) => op === 'UPDATE').map(({ endNs }) => endNs);
      expect(updates.length).toBe(3);
      const firsts = own.filter(({ op, microBatch }) => op === 'F' && microBatch! % M === 0);
      for (const [step, { startNs }] of firsts.slice(1).entries()) {
        expect(startNs).toBeGreaterThanOrEqual(updates[step]!);
      }
    }
  });

  it.each([
    [
      'backward',
      /stage 1, modular \(IPU 1, layer 1\), threw “cannot backward”, while running B \(backward\) of micro-batch 0/,
    ],
    ['update', /threw “cannot update”, while running UPDATE \(the optimizer changes the weights\);/],
  ])('that fails names its op: %s', async (fails, message) => {
    const stages = modular([0, 1], (j) => (j === 1 ? { fails } : {}));
    const pipeline = await start(stages, made('1f1b', 2));
    const { failure, message: said } = asFailure(await thrownBy(collect(pipeline.run(samples(M)))));
    expect(failure).toMatchObject({ stage: 1, op: fails === 'update' ? 'UPDATE' : 'B' });
    expect(said).toMatch(message);
  });
});

describe('A backward that cannot be run is refused by name', () => {
  it('before anything is loaded, where the stages say that they only go forward', async () => {
    const stages = modular([0, 1]).map((spec) => ({ ...spec, forwardOnly: true }));
    const thrown = await thrownBy(start(stages, made('1f1b', 2)));
    expect(thrown).toBeInstanceOf(ScheduleError);
    expect((thrown as Error).message).toMatch(
      /schedule 1f1b cannot be run: 0B0 \(backward\) is of stage 0, modular \(IPU 0\), which only goes forward\.[^]*▲ here/,
    );
  });

  it('when it is loaded, where they do not', async () => {
    const plain = stagesOnIpus([0, 1], () => stage('add-one'));
    const thrown = await thrownBy(start(plain, made('gpipe', 2)));
    expect(asFailure(thrown).message).toMatch(
      /a method backward, which the op B \(backward\) of the schedule needs/,
    );
    const whole = modular([0, 1], () => ({ halves: false }));
    const halves = await thrownBy(start(whole, made('zb1p', 2)));
    expect(asFailure(halves).message).toMatch(/a method backwardInput, which the op I/);
  });

  it('on several replicas', async () => {
    const thrown = await thrownBy(start(modular([0, 1]), made('gpipe', 2), { replicas: 2 }));
    expect((thrown as Error).message).toMatch(/cannot be run on 2 replicas.*give 1 replica/);
  });

  it('where it needs more slots than there are, with the number that would do', async () => {
    const schedule = made('looped-bfs', 4);
    const thrown = await thrownBy(start(modular(schedule.stageToRank), schedule, { slotsPerLink: 1 }));
    expect((thrown as Error).message).toMatch(/never ends[^]*has 1 slots \(slotsPerLink\); with \d it comes/);
  });
});
