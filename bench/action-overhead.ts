/**
 * The claim: one action costs little beyond its compute. Measured on a tiny model as the time between the moment
 * when everything that an action needs is there and its start (the `dispatch` spans: scheduling and wake-up), and
 * for one micro-batch at a time as the whole way from the end of a stage to the start of the next.
 *
 *     npx tsx bench/action-overhead.ts [micro-batches]
 */
import { IpuConfig, openModel, placeBert, planStages, startBertPipeline } from 'ipu-pipeline';
import { scheduleByName, type Span } from 'ipu-pipeline/schedules';
import { tokenizerOf } from 'ipu-pipeline/tasks';
import { Workload } from 'ipu-pipeline/internals';
import { rowInputs } from 'ipu-pipeline/models';
import { percentile, verdict } from './lib.js';

const microBatches = Number(process.argv[2] ?? 2000);
const warmUp = 200;
const model = await openModel('synthetic:bert-tiny');
const config = new IpuConfig(new Map([['layers_per_ipu', [1, 1]]]));
const stages = planStages(
  model.config,
  placeBert(config, { layers: 2, head: model.head, mode: 'inference' }),
);
const shape = { microBatch: 1, sequenceLength: 16 };
const workload = new Workload(await tokenizerOf(model), shape, rowInputs(model.config));

for (const name of ['fill-drain', 'sequential']) {
  const spans: Span[] = [];
  await using pipeline = await startBertPipeline({
    ...{ model, stages, ...shape },
    executor: 'onnx',
    schedule: scheduleByName(name),
    deviceIterations: 4,
    onSpan: (span) => spans.push(span),
  });
  for await (const _ of pipeline.run(workload.microBatches(warmUp + microBatches)));
  const counted = spans.filter(({ microBatch }) => (microBatch ?? 0) >= warmUp);
  const actions = counted.filter(({ kind }) => kind === 'action');
  const dispatch = new Map<string, number>();
  for (const span of counted) {
    if (span.cause === 'dispatch')
      dispatch.set(`${span.stage}:${span.microBatch}`, span.endNs - span.startNs);
  }
  const overheadUs = actions.map(
    ({ stage, microBatch }) => (dispatch.get(`${stage}:${microBatch}`) ?? 0) / 1e3,
  );
  const computeUs = actions.map(({ startNs, endNs }) => (endNs - startNs) / 1e3);
  console.log(`${name}: ${actions.length} actions, compute p50 ${percentile(computeUs, 0.5).toFixed(0)} µs`);
  verdict('  cost beyond compute, p50', percentile(overheadUs, 0.5), { atMost: 100 }, ' µs');
  console.log(
    `           p95 ${percentile(overheadUs, 0.95).toFixed(0)} µs, p99 ${percentile(overheadUs, 0.99).toFixed(0)} µs`,
  );
  if (name === 'sequential') reportHops(actions);
}

/** From the end of stage 0 to the start of stage 1, with nothing else in the pipeline. */
function reportHops(actions: readonly Span[]): void {
  const ends = new Map(
    actions.filter(({ stage }) => stage === 0).map((span) => [span.microBatch, span.endNs]),
  );
  const hops = actions.flatMap(({ stage, microBatch, startNs }) => {
    const end = ends.get(microBatch);
    return stage === 1 && end !== undefined ? [(startNs - end) / 1e3] : [];
  });
  verdict('  stage to stage, p50', percentile(hops, 0.5), { atMost: 100 }, ' µs');
}
