import { InputError } from '../../ipu-config/base/errors.js';
import { lockstepLatency, lockstepTime, type LockstepStage } from '../../pipeline/simulate/lockstep-time.js';
import { parametersPerIpu } from '../hardware/ipu-parameters.js';
import { memoryOfIpu } from '../hardware/memory.js';
import { partsOf } from '../hardware/model-shape.js';
import type { IpuRun, IpuStage } from '../hardware/run-spec.js';
import { commonCycleNs } from '../hardware/simulate-run.js';
import { simulateIpus, type IpuSimulation } from '../hardware/simulation.js';
import { latencyBound, sumOf, TimeBounds, type Bin, type PipelineShape } from './split-bounds.js';
import { bestSplit, type RestOfBins, type Split } from './split-search.js';
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
  /** Which splits it is the best of, in words. */
  readonly searched: string;
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
    searched: planner.searched(),
  };
}

interface PlannedBin extends Bin {
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
  readonly #bins = new Map<number, PlannedBin>();
  readonly #shape: PipelineShape;
  #bounds: TimeBounds | undefined;

  constructor(run: IpuRun, options: PlanOptions) {
    this.#run = run;
    this.#options = options;
    this.unitsPerLayer = options.halves ? 2 : 1;
    this.#headIpu = run.stages.find(({ head }) => head)?.ipu;
    const bare = this.stagesOf(new Array<number>(run.ipusPerReplica).fill(0));
    this.#bareParameters = parametersPerIpu({ ...run, stages: bare });
    this.#depths = stashDepths({ ...run, stages: bare });
    this.#shape = {
      bins: run.ipusPerReplica,
      forwardStages: bare.length,
      microBatches: run.mode === 'training' ? run.gradientAccumulation : run.deviceIterations,
      training: run.mode === 'training',
      sharded: run.execution === 'sharded' && run.mode === 'inference',
      commonNs: commonCycleNs(run),
    };
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
    return bestSplit({
      bins: this.#shape.bins,
      units: this.#units(),
      cost: (bin, start, end) => this.#binCost(bin, start, end),
      total: (split) => this.#total(split),
      bound: (prefix, rest) => this.#bound(prefix, rest),
    });
  }

  searched(): string {
    const { model, ipusPerReplica, mode } = this.#run;
    const { maxLatencyMs, objective = 'throughput' } = this.#options;
    const cut = this.unitsPerLayer === 2 ? ', cut between halves too' : '';
    const limit = maxLatencyMs === undefined ? '' : ` and in ${maxLatencyMs} ms`;
    const goal = mode === 'training' && objective === 'latency' ? 'time of a weight update' : objective;
    return (
      `splits of ${model.layers} layers over ${ipusPerReplica} IPUs${cut} by ${goal}, that fit in memory${limit} ` +
      'and have a layer on each IPU that holds neither embedding nor head'
    );
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
  #bin(ipu: number, start: number, end: number): PlannedBin {
    const first = this.unitsPerLayer === 2 ? start % 2 : 0;
    const key = ((end - start) * 2 + first) * this.#run.ipusPerReplica + ipu;
    let bin = this.#bins.get(key);
    if (!bin) this.#bins.set(key, (bin = this.#makeBin(ipu, this.#stage(ipu, start, end))));
    return bin;
  }

  #makeBin(ipu: number, stage: IpuStage): PlannedBin {
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
    const isIdle = stage.attention + stage.feedForward === 0 && !stage.embedding && !stage.head;
    const fits = !isIdle && memory.fits;
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

  /** A lower bound of `#total`. */
  #bound(prefix: Split, rest: RestOfBins): number {
    const known = this.#prefixBins(prefix);
    const { maxLatencyMs = Infinity } = this.#options;
    const isForLatency = this.#isForLatency();
    const latencyNs = isForLatency || maxLatencyMs < Infinity ? latencyBound(this.#shape, known, rest) : 0;
    if (latencyNs / 1e6 > maxLatencyMs) return Infinity;
    if (isForLatency) return latencyNs;
    if (this.#shape.sharded) return sumOf(known) + rest.sum;
    return this.#timeBounds().least(known, rest.start) + this.#updateNs(this.#leastParameters(prefix));
  }

  #timeBounds(): TimeBounds {
    return (this.#bounds ??= new TimeBounds(this.#shape, this.#units(), (ipu, start, end) => {
      const bin = this.#bin(ipu, start, end);
      return bin.fits ? bin : undefined;
    }));
  }

  #units(): number {
    return this.#run.model.layers * this.unitsPerLayer;
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

  #total(split: Split): number {
    const stages = this.stagesOf(split);
    const costs = stages.map((stage, j) => this.#cost(stage, j === stages.length - 1));
    const timed = stages.map(({ ipu }, j) => {
      const { forwardNs, recomputeNs, backwardNs } = costs[j]!;
      return { rank: ipu, forwardNs, backwardNs: recomputeNs + backwardNs };
    });
    const { maxLatencyMs = Infinity } = this.#options;
    const latencyNs = this.#latencyNs(timed);
    if (latencyNs / 1e6 > maxLatencyMs) return Infinity;
    if (this.#isForLatency()) return latencyNs;
    if (this.#shape.sharded) return timed.reduce((sum, { forwardNs }) => sum + forwardNs, 0);
    const parameters = Math.max(...parametersPerIpu({ ...this.#run, stages }));
    const training = this.#run.mode === 'training';
    return lockstepTime(timed, this.#shape.microBatches, training) + this.#updateNs(parameters);
  }

  /** As `simulateIpus` reports it; 0 in training, where nothing asks for it. */
  #latencyNs(timed: readonly LockstepStage[]): number {
    if (this.#run.mode === 'training') return 0;
    const common = timed.length * this.#shape.commonNs;
    if (this.#shape.sharded) return timed.reduce((sum, { forwardNs }) => sum + forwardNs, common);
    return common + lockstepLatency(timed, this.#shape.microBatches);
  }
}
