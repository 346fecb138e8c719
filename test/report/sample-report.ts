import { fillDrain, type Schedule, type Span } from 'ipu-pipeline/schedules';
import { simulate } from 'ipu-pipeline/simulator';
import {
  runOfSchedule,
  TimelineCollector,
  timelinesData,
  type ReportData,
  type TimelineData,
} from 'ipu-pipeline/report';
import { popartSchedule } from 'ipu-pipeline/internals';

/** A timeline of a simulated schedule: backward passes take twice as long, stage 0 a little longer. */
export async function simulatedTimeline(schedule: Schedule, name?: string): Promise<TimelineData> {
  const run = runOfSchedule(schedule, name === undefined ? {} : { name });
  const collector = new TimelineCollector(run, 1e6);
  simulate(schedule, {
    costNs: (stage, op) => (op === 'F' ? 1_000_000 : 2_000_000) + (stage === 0 ? 250_000 : 0),
    onSpan: (span) => collector.add(span),
  });
  return collector.timeline();
}

/** Every section that a page can have, with names that would end a script element or begin a tag. */
export async function sampleReport(): Promise<ReportData> {
  const training = await simulatedTimeline(
    popartSchedule({ forwardStages: 4, depth: 12, training: true }),
    'training',
  );
  const inference = await simulatedTimeline(fillDrain({ stages: 4, microBatches: 12 }), 'inference');
  const whole = 900 * 2 ** 20;
  return timelinesData(
    {
      title: 'bert-large </script><script>alert("title")</script>',
      subtitle: 'pod16 <b>& more</b>',
      date: '2026-11-23T12:00:00Z',
      highlights: [{ label: 'throughput', value: '123 seq/s', note: 'simulated' }],
      summary: ['A sample of everything.'],
      warnings: [
        { code: 'idle-ipus', text: 'IPU 3 does not fit: give it fewer layers.' },
        { code: 'text', text: '<img src=x onerror=alert(1)>' },
      ],
      throughput: [
        { name: 'one device', sequencesPerSecond: 40, kind: 'measured' },
        { name: 'pipeline, 4 stages', sequencesPerSecond: 123, kind: 'simulated' },
      ],
      memory: [
        {
          title: 'Memory of each IPU',
          unit: 'bytes',
          parts: 'series',
          bars: [0.5, 0.8, 0.95, 1.1].map((share, ipu) => ({
            name: `IPU ${ipu}`,
            detail: '6 layers',
            limit: whole,
            parts: ['weights', 'optimizer state', 'stash', 'activations', 'code and exchange'].map(
              (name, at) => ({ name, value: (whole * share * (5 - at)) / 15 }),
            ),
          })),
        },
      ],
      latency: [
        {
          name: 'pipeline, 4 stages',
          p50Ms: 11,
          p95Ms: 13,
          p99Ms: 14,
          histogram: { edgesMs: [8, 9, 10, 11, 12, 13, 14, 15], counts: [1, 4, 12, 20, 9, 3, 1] },
        },
      ],
      configuration: {
        name: 'ipu_config.json',
        warnings: [{ code: 'ignored-key', text: 'enable_half_partials is a stale key.' }],
        attributes: [
          { name: 'layers_per_ipu', value: '[6,6,6,6]', source: 'given', note: 'layers of each stage' },
          { name: 'device_iterations', value: '1', source: 'default' },
        ],
      },
      settings: [{ label: 'system', value: 'pod16' }],
      tables: [{ title: 'Cycles', columns: ['cycle', 'ms'], rows: [['steady', 3.25]] }],
    },
    [training, inference],
  );
}

/** What `bench --predict --json` writes. */
export async function sampleBenchmark(): Promise<object> {
  const stages = [0, 1].map((ipu) => ({ name: `Layer ${ipu}`, ipu, weightBytes: 1 << 20 }));
  const figures = {
    ...{ sequencesPerSecond: 12.5, bubbleShare: 0.1, boundBy: 'stage 0' },
    latencyMs: { p50: 1, p95: 2, p99: 3 },
  };
  const rank = { busyShare: 0.8, stallShares: { upstream: 0.2 }, actions: 6, microBatchMs: 1.5 };
  const run = {
    ...{ name: 'pipeline, 2 stages', stages, threads: 2, loadSeconds: 0.5, tokensPerSecond: 200, ...figures },
    wholeRunSequencesPerSecond: 11,
    latencyHistogram: { edgesMs: [1, 2, 3], counts: [2, 4] },
    activity: {
      seconds: 0.5,
      microBatches: 6,
      ranks: [0, 1].map((at) => ({ replica: 0, rank: at, ...rank })),
    },
    outputDigest: 'abc',
  };
  const compared = { ...figures, stageMs: [1, 2] };
  return {
    ...{ format: 'ipu-pipeline-benchmark', version: 1, date: '2026-11-23T12:00:00Z' },
    environment: {
      ...{ ipuPipeline: '0.1.0', node: '22.0.0', onnxruntime: null, platform: 'linux x64', cpu: 'cpu' },
      ...{ cores: 2, memoryBytes: 1 << 30 },
    },
    settings: {
      ...{ model: 'm', config: 'c', executor: 'onnx', schedule: 'fill-drain', sequenceLength: 16 },
      ...{ microBatch: 1, microBatches: 6, warmUp: 2, coolDown: 1, threadsPerStage: 1, replicas: 1 },
      deviceIterations: 2,
    },
    runs: [run],
    attributes: [{ name: 'layers_per_ipu', value: [1, 1], source: 'given', use: 'used', note: 'layers' }],
    // As older versions wrote them.
    warnings: ['slow'],
    prediction: {
      profiled: '2026-11-23',
      runs: [{ run: run.name, predicted: compared, measured: compared, error: 0 }],
      warnings: [],
    },
    timelines: [await simulatedTimeline(fillDrain({ stages: 2, microBatches: 6 }))],
  };
}

/** Spans of a long run, one bunch after another, as the threads of a runtime report them. */
export function* manySpans(ranks: number, perRank: number, bunch = 64): Generator<Span> {
  const edges = new Array<number>(ranks).fill(0);
  for (let done = 0; done < perRank; done += bunch) {
    for (let rank = 0; rank < ranks; rank++) {
      for (let at = done; at < Math.min(perRank, done + bunch); at++) {
        const startNs = edges[rank]!;
        const microBatch = at >> 1;
        // Uneven on purpose, and the same every time.
        const endNs = (edges[rank] = startNs + 1000 + ((at * 7919 + rank * 104_729) % 50_000));
        const place = { replica: 0, rank, startNs, endNs, stage: rank, op: 'F', microBatch } as const;
        yield at % 2 === 0 ? { kind: 'stall', cause: 'upstream', ...place } : { kind: 'action', ...place };
      }
    }
  }
}
