import { Pipeline, type Tensor } from 'ipu-pipeline';
import { waitOf, type Action, type Op, type Schedule, type Span } from 'ipu-pipeline/schedules';
import { simulate, simulateLockstep, type SimulationOptions } from 'ipu-pipeline/simulator';
import { Progress } from 'ipu-pipeline/internals';
import { expect } from 'vitest';
import { collect, options, stage, stagesOnIpus } from '../runtime/pipelines.js';

export interface Ran {
  readonly spans: readonly Span[];
  readonly makespanNs: number;
}

type Costs = Pick<SimulationOptions, 'costNs' | 'overlapNs' | 'exchange' | 'slotsPerLink'>;

/** The simulators, by name: a free run under both clocks, and lockstep. */
export const SIMULATORS = {
  'a core for each rank': (schedule: Schedule, costs: Costs): Ran => free(schedule, costs),
  'shared cores': (schedule: Schedule, costs: Costs): Ran => free(schedule, { ...costs, speed: () => 1 }),
  lockstep: (schedule: Schedule, { costNs }: Costs): Ran => {
    const spans: Span[] = [];
    const { makespanNs } = simulateLockstep(schedule, {
      costNs: ({ stage: j, op, microBatch }) => costNs(j, op, microBatch),
      onSpan: (span) => spans.push(span),
    });
    return { spans, makespanNs };
  },
} as const;

function free(schedule: Schedule, settings: SimulationOptions): Ran {
  const spans: Span[] = [];
  const { makespanNs } = simulate(schedule, { ...settings, onSpan: (span) => spans.push(span) });
  return { spans, makespanNs };
}

/** One call of a schedule on the runtime, of stages in exact arithmetic that go forward and backward. */
export async function onRuntime(schedule: Schedule, threads: boolean): Promise<Ran> {
  const { stageToRank, microBatches } = schedule;
  const stages = stagesOnIpus(stageToRank, (j) =>
    stage('modular', { weight: 5 + 7 * j, isLast: j === stageToRank.length - 1 }),
  );
  const spans: Span[] = [];
  await using pipeline = await Pipeline.start(
    options(stages, {
      schedule,
      threads,
      deviceIterations: undefined,
      slotsPerLink: microBatches,
      onSpan: (span) => spans.push(span),
    }),
  );
  const number = (name: string, value: number): Tensor => ({
    name,
    dtype: 'int32',
    shape: [1],
    data: Int32Array.of(value),
  });
  const inputs = Array.from({ length: microBatches }, (_, i) => [number('x', i), number('target', 2 * i)]);
  expect(await collect(pipeline.run(inputs))).toHaveLength(microBatches);
  return { spans, makespanNs: Math.max(...spans.map(({ endNs }) => endNs)) };
}

const place = ({ stage: j, op, microBatch }: Pick<Span, 'stage' | 'op' | 'microBatch'>) => ({
  stage: j,
  op,
  microBatch,
});

/** The runtime puts an update at the end of each call, where the schedule does not have one itself. */
const isScheduled = ({ kind, op }: Span) => kind === 'action' && op !== 'UPDATE';

/** Every rank did what stands in its row, in that order, and its spans have no gap. */
export function expectRows({ ranks }: Schedule, { spans }: Ran): void {
  ranks.forEach((cells, rank) => {
    const own = spans.filter((span) => span.rank === rank);
    const written = cells.flat().map((action) => place(action));
    expect(own.filter(isScheduled).map(place)).toEqual(written);
    own.slice(1).forEach(({ startNs }, at) => expect(startNs).toBe(own[at]!.endNs));
  });
}

/** No action begins before the readiness rule lets it, given what had ended by then. */
export function expectRule(schedule: Schedule, { spans }: Ran): void {
  const progress = new Progress(schedule);
  const actions = spans.filter((span) => span.kind === 'action' && span.microBatch !== undefined);
  const events = actions.flatMap((span) => [
    { atNs: span.startNs, begins: true, span },
    { atNs: span.endNs, begins: false, span },
  ]);
  events.sort((a, b) => a.atNs - b.atNs || Number(a.begins) - Number(b.begins));
  for (const { begins, span } of events) {
    const action: Action = { stage: span.stage!, op: span.op as Op, microBatch: span.microBatch! };
    if (begins) {
      expect({ action, wait: waitOf(action, progress) }).toEqual({ action, wait: undefined });
      progress.begin(action);
    } else progress.end(action);
  }
}
