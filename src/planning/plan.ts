import { InputError } from '../../ipu-config/base/errors.js';
import { lockstepTime } from '../../pipeline/simulate/lockstep-time.js';
import { parametersPerIpu } from '../hardware/ipu-parameters.js';
import { memoryOfIpu } from '../hardware/memory.js';
import { partsOf } from '../hardware/model-shape.js';
import type { IpuRun, IpuStage } from '../hardware/run-spec.js';
import { commonCycleNs } from '../hardware/simulate-run.js';
import { simulateIpus, type IpuSimulation } from '../hardware/simulation.js';
import { bestSplit, type Split } from './split-search.js';
import { stageCost, type StageCost } from '../hardware/stage-cost.js';
import { stashDepths } from '../hardware/stash-depths.js';
import { updatePhases } from '../hardware/update-cost.js';

export interface PlanOptions {
  /** Cut between the attention and the feed-forward half of a layer too, which `layers_per_ipu` cannot say. */
  readonly halves?: boolean;
  /** Default: throughput. */
  readonly objective?: 'throughput' | 'latency';
  /** Splits with a longer latency are left out; inference only. */
  readonly maxLatencyMs?: number;
}

export interface Plan {
  readonly after: IpuSimulation;
  /** Layers on each IPU; halves count 0.5 where the plan has any. */
  readonly layersPerIpu: readonly number[];
  /** Splits that were simulated. */
  readonly evaluated: number;
  /** False when there were too many splits to prove that none is better. */
  readonly exact: boolean;
}

/**
 * The best split of a run's layers over its IPUs, under the memory limit: every IPU that holds neither embedding nor
 * head gets a layer at least. Ties go to the split that comes first.
 * @throws InputError when no split fits
 */
export function planSplit(run: IpuRun, options: PlanOptions = {}): Plan {
  const planner = new Planner(run, options);
  const found = planner.search();
  if (!found) throw new InputError(planner.whyNone());
  const after = { ...run, stages: planner.stagesOf(found.split) };
  return {
    after: simulateIpus(after),
    layersPerIpu: found.split.map((units) => units / planner.unitsPerLayer),
    evaluated: found.evaluated,
    exact: found.exact,
  };
}

/** One IPU with some layers. */
interface Bin {
  /** All its stages, forward, recompute and backward. */
  readonly cost: number;
  /** Of its first stage: a head that comes back to the IPU is another one. */
  readonly forwardNs: number;
  readonly backwardNs: number;
  readonly fits: boolean;
}

class Planner {
  readonly unitsPerLayer: 1 | 2;
  readonly #run: IpuRun;
  readonly #options: PlanOptions;
  readonly #headIpu: number | undefined;
  /** Weights on each IPU before any layer. */
  readonly #bareParameters: readonly number[];
  readonly #depths: readonly number[];
  readonly #costs = new Map<string, StageCost>();
  readonly #bins = new Map<number, Bin>();

  constructor(run: IpuRun, options: PlanOptions) {
    this.#run = run;
    this.#options = options;
    this.unitsPerLayer = options.halves ? 2 : 1;
    this.#headIpu = run.stages.find(({ head }) => head)?.ipu;
    const bare = this.stagesOf(new Array<number>(run.ipusPerReplica).fill(0));
    this.#bareParameters = parametersPerIpu({ ...run, stages: bare });
    this.#depths = stashDepths({ ...run, stages: bare });
    if (run.schedule) {
      throw new InputError(
        `The best split is looked for in PopART's lockstep cycles, not in ${run.schedule.name}; leave --schedule out.`,
      );
    }
    if (options.maxLatencyMs !== undefined && run.mode === 'training') {
      throw new InputError('A latency limit is for inference; leave --max-latency-ms out in training.');
    }
  }

  search(): ReturnType<typeof bestSplit> {
    const { ipusPerReplica, model } = this.#run;
    return bestSplit({
      bins: ipusPerReplica,
      units: model.layers * this.unitsPerLayer,
      cost: (bin, start, end) => this.#binCost(bin, start, end),
      total: (split) => this.#total(split),
      bound: (prefix, rest) => this.#bound(prefix, rest),
    });
  }

  whyNone(): string {
    const { model, ipusPerReplica, hardware, microBatch, mode } = this.#run;
    const limit = this.#options.maxLatencyMs === undefined ? '' : ` within ${this.#options.maxLatencyMs} ms`;
    return (
      `No split of ${model.name}'s ${model.layers} layers over ${ipusPerReplica} IPUs of ${hardware.system.name} ` +
      `fits for ${mode} with micro-batch ${microBatch}${limit}: give more IPUs for a replica, a smaller --micro-batch, ` +
      'or see what `ipu-pipeline simulate` advises.'
    );
  }

  stagesOf(split: Split): IpuStage[] {
    let start = 0;
    const stages = split.map((units, ipu): IpuStage => {
      const end = start + units;
      const stage = this.#stage(ipu, start, end);
      start = end;
      return stage;
    });
    if (this.#headReturns()) {
      stages.push({ ipu: this.#headIpu!, embedding: false, attention: 0, feedForward: 0, head: true });
    }
    return stages;
  }

  /** Units count halves when layers may be cut: even ones are attention, odd ones feed-forward. */
  #stage(ipu: number, start: number, end: number): IpuStage {
    const halves = this.unitsPerLayer === 2;
    const attention = halves ? Math.ceil(end / 2) - Math.ceil(start / 2) : end - start;
    const feedForward = halves ? Math.floor(end / 2) - Math.floor(start / 2) : end - start;
    const head = this.#headIpu === ipu && !this.#headReturns();
    return { ipu, embedding: ipu === 0, attention, feedForward, head };
  }

  /** The head shares the embedding's IPU, and the pipeline comes back to it. */
  #headReturns(): boolean {
    return this.#headIpu === 0 && this.#run.ipusPerReplica > 1;
  }

  #binCost(ipu: number, start: number, end: number): number {
    const bin = this.#bin(ipu, start, end);
    return bin.fits ? bin.cost : Infinity;
  }

  /** What a bin costs depends on how many units it has and, with halves, on which half it begins with. */
  #bin(ipu: number, start: number, end: number): Bin {
    const first = this.unitsPerLayer === 2 ? start % 2 : 0;
    const key = ((end - start) * 2 + first) * this.#run.ipusPerReplica + ipu;
    let bin = this.#bins.get(key);
    if (!bin) this.#bins.set(key, (bin = this.#makeBin(ipu, this.#stage(ipu, start, end))));
    return bin;
  }

  #makeBin(ipu: number, stage: IpuStage): Bin {
    const alone = this.stagesOf(new Array<number>(this.#run.ipusPerReplica).fill(0));
    const stages = alone.map((other, j) => (j === ipu ? stage : other));
    const run = { ...this.#run, stages };
    const memory = memoryOfIpu(run, ipu, {
      depths: this.#depths,
      costOf: (j) => this.#cost(stages[j]!, j === stages.length - 1),
    });
    const costs = stages.flatMap((own, j) => {
      return own.ipu === ipu ? [this.#cost(own, j === stages.length - 1)] : [];
    });
    const cost = costs.reduce((sum, one) => sum + one.forwardNs + one.recomputeNs + one.backwardNs, 0);
    const [{ forwardNs, recomputeNs, backwardNs }] = costs as [StageCost];
    const latencyNs = stages.length * (cost + commonCycleNs(this.#run));
    const { maxLatencyMs = Infinity } = this.#options;
    const isIdle = stage.attention + stage.feedForward === 0 && !stage.embedding && !stage.head;
    const fits = !isIdle && memory.fits && latencyNs <= maxLatencyMs * 1e6;
    return { cost, forwardNs, backwardNs: recomputeNs + backwardNs, fits };
  }

  #cost(stage: IpuStage, isLast: boolean): StageCost {
    const { ipu, embedding, attention, feedForward, head } = stage;
    const share = this.#run.matmulProportion[ipu];
    const key = [share, embedding, attention, feedForward, head, isLast].join();
    let cost = this.#costs.get(key);
    if (!cost) this.#costs.set(key, (cost = stageCost(this.#run, stage, isLast)));
    return cost;
  }

  /**
   * A lower bound of `#total`. While the pipeline fills, a cycle lasts as long as the slowest forward stage so far, and
   * once the backward ones join from the end, as the slowest IPU from there on; it drains likewise. See `lockstepTime`.
   */
  #bound(prefix: Split, rest: readonly number[]): number {
    const training = this.#run.mode === 'training';
    const bins = this.#run.ipusPerReplica;
    const known = this.#prefixBins(prefix);
    const restWorst = rest[prefix.length] ?? 0;
    const worst = Math.max(restWorst, ...known.map(({ cost }) => cost));
    if (this.#run.execution === 'sharded') return 0;
    if (this.#isForLatency()) return worst;
    const forwardStages = bins + (this.#headReturns() ? 1 : 0);
    const depth = training ? 2 * forwardStages - 1 : forwardStages;
    let ramps = 0;
    let forward = 0;
    let backward = 0;
    for (let j = 0; j < forwardStages - 1; j++) {
      forward = Math.max(forward, known[j]?.forwardNs ?? 0);
      backward = Math.max(backward, known[j]?.backwardNs ?? 0);
      ramps += forward + backward;
    }
    let whole = 0;
    for (let bin = bins - 1; bin >= 1; bin--) {
      whole = Math.max(whole, known[bin]?.cost ?? rest[bin]!, bin < prefix.length ? restWorst : 0);
      ramps += training ? 2 * whole : whole;
    }
    return ramps + (this.#microBatches() - depth + 1) * worst + this.#updateNs(this.#leastParameters(prefix));
  }

  /** Weights of the IPU with most: those of the prefix are known, the others share out what is left. */
  #leastParameters(prefix: Split): number {
    const { model, ipusPerReplica } = this.#run;
    const { attention, feedForward } = partsOf(model).parameters;
    const unit = (attention + feedForward) / this.unitsPerLayer;
    // A cut between halves gives an IPU the smaller half of a layer at least.
    const spare = this.unitsPerLayer === 2 ? unit : 0;
    const known = prefix.map((units, ipu) => this.#bareParameters[ipu]! + units * unit - spare);
    const even = (unit * model.layers * this.unitsPerLayer) / ipusPerReplica;
    return Math.max(even, ...known);
  }

  #updateNs(parameters: number): number {
    return updatePhases(this.#run, parameters).reduce((sum, { ns }) => sum + ns, 0);
  }

  #prefixBins(prefix: Split): Bin[] {
    let start = 0;
    return prefix.map((units, ipu) => {
      const bin = this.#bin(ipu, start, start + units);
      start += units;
      return bin;
    });
  }

  #isForLatency(): boolean {
    return this.#options.objective === 'latency' && this.#run.mode === 'inference';
  }

  #microBatches(): number {
    return this.#run.mode === 'training' ? this.#run.gradientAccumulation : this.#run.deviceIterations;
  }

  #total(split: Split): number {
    const stages = this.stagesOf(split);
    const costs = stages.map((stage, j) => this.#cost(stage, j === stages.length - 1));
    const timed = stages.map(({ ipu }, j) => {
      const { forwardNs, recomputeNs, backwardNs } = costs[j]!;
      return { rank: ipu, forwardNs, backwardNs: recomputeNs + backwardNs };
    });
    const training = this.#run.mode === 'training';
    if (this.#run.execution === 'sharded') return timed.reduce((sum, { forwardNs }) => sum + forwardNs, 0);
    if (this.#options.objective === 'latency' && !training)
      return lockstepTime(timed, stages.length, false) / stages.length;
    const parameters = Math.max(...parametersPerIpu({ ...this.#run, stages }));
    return lockstepTime(timed, this.#microBatches(), training) + this.#updateNs(parameters);
  }
}
