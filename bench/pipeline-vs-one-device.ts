/**
 * The claim: two stages of one thread each against one device, BERT-large at sequence 384 in float32.
 *
 *     npx tsx bench/pipeline-vs-one-device.ts [micro-batches]
 *
 * Needs two cores and nothing else running on them.
 */
import { benchmarkTable } from 'ipu-pipeline/report';
import { measure, verdict } from './lib.js';

const microBatches = Number(process.argv[2] ?? 10);
const report = await measure({
  model: 'synthetic:bert-large',
  layersPerIpu: [12, 12],
  sequenceLength: 384,
  microBatches,
});
const [oneThread, twoThreads, pipeline] = report.runs;
console.log(benchmarkTable(report));
console.log();
const rate = pipeline!.sequencesPerSecond;
verdict('pipeline over one device, 1 thread', rate / oneThread!.sequencesPerSecond, { atLeast: 1.85 });
verdict('pipeline over one device, 2 threads', rate / twoThreads!.sequencesPerSecond, { atLeast: 0.97 });
const busiest = Math.max(...pipeline!.activity.ranks.map(({ busyShare }) => busyShare));
verdict("bottleneck stage's busy time over wall time", busiest, { atLeast: 0.97 });
verdict('runs with identical bits', report.identicalOutputs ? 1 : 0, { atLeast: 1 });
