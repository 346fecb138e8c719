import type { Span } from '../../pipeline/schedule/span.js';
import { Workload, type WorkloadTokenizer } from '../benchmark/workload.js';
import { rowInputs } from '../models/families/families.js';
import type { BertModel } from '../runs/model.js';
import type { ModelMeasurements } from './fit-model.js';
import { Probe } from './probe.js';
import { tokensOf, type Level, type ProfilePlan } from './profile-plan.js';
import { ActionSamples } from './action-samples.js';
import { sharingEfficiency, type SharedRound } from './sharing-efficiency.js';
import type { BatchShape } from './stage-work.js';
import { OtherLoad } from './other-load.js';
import { mean, median } from './statistics.js';

export interface MeasureOptions {
  readonly model: BertModel;
  readonly tokenizer: WorkloadTokenizer;
  readonly executor: string;
  readonly plan: ProfilePlan;
  /** No round begins that would end later, but two are always run. */
  readonly maxSeconds: number;
  /** With the first, which warms up. */
  readonly maxRounds: number;
  readonly signal?: AbortSignal | undefined;
}

export interface MeasureHooks {
  onLoading?(share: number): void;
  /** A round measures everything once; how many there will be is not known before. */
  onRound?(round: number): void;
  /** Share of the present round. */
  onProgress?(share: number): void;
}

/** Short rows are repeated within a round, up to about so many tokens. */
const TOKENS_OF_A_RUN = 384;
const MOST_MICRO_BATCHES = 8;
/** Longer than the others, for all probes to compute at once for most of the time. */
const SHARING_RUNS = 2;
const WAKING_SHAPE: BatchShape = { microBatch: 1, sequenceLength: 1 };
const WAKING_MICRO_BATCHES = 50;

interface Probes {
  /** One thread each; as many as run at once. */
  readonly single: readonly Probe[];
  readonly threaded: ReadonlyMap<number, Probe>;
  readonly waking: Probe;
}

/**
 * Measures the parts of a model in rounds: everything once, then everything again, so that a machine that is slower
 * for a while makes all of it slower. The first round warms up.
 */
export async function measureModel(
  options: MeasureOptions,
  hooks: MeasureHooks = {},
): Promise<ModelMeasurements> {
  const startMs = performance.now();
  const opened: Probe[] = [];
  try {
    const probes = await startProbes(options, opened, hooks);
    const session = new Session(options, probes, hooks);
    const measureMs = performance.now();
    for (let round = 0; round < options.maxRounds; round++) {
      hooks.onRound?.(round);
      await session.round(round > 0);
      const roundMs = (performance.now() - measureMs) / (round + 1);
      const over = performance.now() - startMs + roundMs > options.maxSeconds * 1000;
      if (round > 0 && over) break;
    }
    return session.result();
  } finally {
    await Promise.allSettled(opened.map((probe) => probe.close()));
  }
}

async function startProbes(options: MeasureOptions, opened: Probe[], hooks: MeasureHooks): Promise<Probes> {
  const { plan, model, executor, signal } = options;
  const largest = {
    microBatch: Math.max(...plan.shapes.map(({ microBatch }) => microBatch)),
    sequenceLength: Math.max(...plan.shapes.map(({ sequenceLength }) => sequenceLength)),
  };
  const atOnce = plan.levels.map(({ stagesAtOnce }) => stagesAtOnce);
  const singles = Math.max(...atOnce, plan.sharing?.stagesAtOnce ?? 1);
  const threads = plan.levels.flatMap(({ threadsPerStage }) =>
    threadsPerStage > 1 ? [threadsPerStage] : [],
  );
  const all = [...new Array<number>(singles).fill(1), ...threads];
  for (const [at, threadsOfProbe] of all.entries()) {
    const onProgress = (share: number): void => hooks.onLoading?.((at + share) / all.length);
    opened.push(await Probe.start({ model, executor, threads: threadsOfProbe, largest, signal, onProgress }));
  }
  const waking = await Probe.startWaking({ model, executor, threads: 1, largest, signal });
  opened.push(waking);
  return {
    waking,
    single: opened.slice(0, singles),
    threaded: new Map(threads.map((count, at) => [count, opened[singles + at]!])),
  };
}

interface LevelRun {
  readonly runs: readonly (readonly Span[])[];
  readonly otherLoad: number;
}

class Session {
  readonly #options: MeasureOptions;
  readonly #probes: Probes;
  readonly #hooks: MeasureHooks;
  readonly #samples = new ActionSamples();
  readonly #dispatchNs: number[] = [];
  readonly #wakeNs: number[] = [];
  readonly #otherLoads: number[] = [];
  readonly #shared: SharedRound[] = [];

  constructor(options: MeasureOptions, probes: Probes, hooks: MeasureHooks) {
    this.#options = options;
    this.#probes = probes;
    this.#hooks = hooks;
  }

  async round(counts: boolean): Promise<void> {
    const { shapes, levels, sharing } = this.#options.plan;
    const steps = shapes.length * levels.length + (sharing ? 1 : 0);
    let done = 0;
    for (const shape of shapes) {
      for (const level of levels) {
        const load = new OtherLoad();
        const runs = await this.#run(level, shape, repeats(shape));
        const otherLoad = load.take();
        if (counts) this.#count(level, shape, { runs, otherLoad });
        this.#hooks.onProgress?.(++done / steps);
      }
    }
    const woken = await this.#probes.waking.run(
      this.#workload(WAKING_SHAPE).microBatches(WAKING_MICRO_BATCHES),
    );
    if (counts) this.#wakeNs.push(...dispatches(woken));
    if (!sharing) return;
    const { shape, stagesAtOnce } = sharing;
    const load = new OtherLoad();
    const count = SHARING_RUNS * repeats(shape);
    const runs = await this.#run({ stagesAtOnce, threadsPerStage: 1 }, shape, count);
    if (counts) this.#shared.push({ runs, otherLoad: load.take() });
    this.#hooks.onProgress?.(1);
  }

  result(): ModelMeasurements {
    const { model, plan } = this.#options;
    const { parts } = this.#probes.single[0]!;
    const cores = Math.max(...plan.levels.map(({ stagesAtOnce }) => stagesAtOnce));
    const efficiency = plan.sharing
      ? sharingEfficiency(this.#shared, cores, (stage) => {
          const found = this.#samples.of(
            { stagesAtOnce: cores, threadsPerStage: 1 },
            plan.sharing!.shape,
            stage,
          );
          return median(found);
        })
      : undefined;
    const threads = efficiency === undefined ? null : plan.sharing!.stagesAtOnce;
    return {
      name: model.name,
      config: model.config,
      head: model.head,
      dispatchNs: median(this.#dispatchNs),
      wakeNs: median(this.#wakeNs),
      otherLoadShare: mean(this.#otherLoads),
      timeSharing: { threads, efficiency: efficiency ?? 1 },
      measurements: this.#samples.measurements(parts),
    };
  }

  #run(
    { stagesAtOnce, threadsPerStage }: Level,
    shape: BatchShape,
    count: number,
  ): Promise<(readonly Span[])[]> {
    const { single, threaded } = this.#probes;
    const probes = threadsPerStage > 1 ? [threaded.get(threadsPerStage)!] : single.slice(0, stagesAtOnce);
    const workload = this.#workload(shape);
    return Promise.all(probes.map((probe) => probe.run(workload.microBatches(count))));
  }

  #workload(shape: BatchShape): Workload {
    const { tokenizer, model } = this.#options;
    return new Workload(tokenizer, shape, rowInputs(model.config));
  }

  #count(level: Level, shape: BatchShape, { runs, otherLoad }: LevelRun): void {
    this.#otherLoads.push(otherLoad);
    for (const { kind, stage, startNs, endNs } of runs.flat()) {
      if (kind === 'action') this.#samples.add(level, shape, stage!, { ns: endNs - startNs, otherLoad });
    }
    // Between two stages of one thread nothing has to be waited for.
    if (level.stagesAtOnce === 1 && level.threadsPerStage === 1)
      this.#dispatchNs.push(...dispatches(runs[0]!));
  }
}

/** Times between being able to begin and beginning; not of stage 0, which may wait for the host. */
function dispatches(spans: readonly Span[]): number[] {
  return spans.flatMap(({ cause, stage, startNs, endNs }) =>
    cause === 'dispatch' && stage! > 0 ? [endNs - startNs] : [],
  );
}

function repeats(shape: BatchShape): number {
  return Math.max(1, Math.min(MOST_MICRO_BATCHES, Math.round(TOKENS_OF_A_RUN / tokensOf(shape))));
}
