import {
  attentionActivations,
  boundaryElements,
  feedForwardActivations,
  forwardPeak,
  headActivations,
  type BatchShape,
} from './activations.js';
import { parametersPerIpu } from './ipu-parameters.js';
import { bytesOf, type IpuRun, type IpuStage } from './run-spec.js';
import { stageCosts, type StageCost } from './stage-cost.js';
import { stashDepths } from './stash-depths.js';
import { MOMENTS } from './update-cost.js';

export const MEMORY_CATEGORIES = [
  'weights',
  'gradients',
  'optimizer state',
  'stash',
  'activations',
  'matmul temporaries',
  'embedding gradient',
  'code and exchange',
] as const;
export type MemoryCategory = (typeof MEMORY_CATEGORIES)[number];

/** What lies in the memory of one IPU, in bytes. */
export interface IpuMemory {
  readonly ipu: number;
  readonly bytes: Readonly<Record<MemoryCategory, number>>;
  readonly totalBytes: number;
  readonly limitBytes: number;
  readonly fits: boolean;
  /** Optimizer state in streaming memory. */
  readonly offChipBytes: number;
}

/**
 * Memory of every IPU of a replica, as if it spread evenly over tiles: a real compiler needs the fullest tile to fit.
 * @param depths micro-batches that each stage keeps, where the caller has them already
 * @param costs of the stages, likewise
 */
export function memoryPerIpu(
  run: IpuRun,
  depths = stashDepths(run),
  costs: readonly StageCost[] = stageCosts(run, depths),
): IpuMemory[] {
  return Array.from({ length: run.ipusPerReplica }, (_, ipu) =>
    memoryOfIpu(run, ipu, { depths, costOf: (j) => costs[j]! }),
  );
}

/** What is known of a run's stages, by their index. */
export interface KnownStages {
  readonly depths: readonly number[];
  readonly costOf: (stage: number) => StageCost;
}

/** The same of one IPU alone. */
export function memoryOfIpu(run: IpuRun, ipu: number, { depths, costOf }: KnownStages): IpuMemory {
  const parameters = parametersPerIpu(run)[ipu]!;
  const { chip } = run.hardware;
  const limitBytes = chip.tiles * chip.sramBytesPerTile;
  const training = run.mode === 'training';
  const own = run.stages.flatMap((stage, j) => (stage.ipu === ipu ? [{ stage, j }] : []));
  const most = (of: (entry: { stage: IpuStage; j: number }) => number): number => Math.max(0, ...own.map(of));
  const state = optimizerBytes(run, parameters);
  const table = own.some(({ stage }) => stage.embedding) ? tableBytes(run) : 0;
  const bytes: Record<MemoryCategory, number> = {
    weights: parameters * bytesOf(run.precision),
    gradients: training ? parameters * bytesOf(run.precision) : 0,
    'optimizer state': run.optimizer?.stateOffChip ? 0 : state,
    stash: training ? own.reduce((sum, { stage, j }) => sum + stashBytes(run, stage, depths[j]!), 0) : 0,
    activations: most(({ stage, j }) => activationBytes(run, stage, depths[j] === 1)),
    'matmul temporaries': most(({ j }) => costOf(j).temporaryBytesPerTile) * chip.tiles,
    'embedding gradient': training ? table / Math.max(1, run.embeddingSerialization) : 0,
    'code and exchange': chip.codeBytesPerTile * chip.tiles,
  };
  const totalBytes = Math.round(Object.values(bytes).reduce((sum, part) => sum + part, 0));
  const offChipBytes = run.optimizer?.stateOffChip ? state : 0;
  return { ipu, bytes, totalBytes, limitBytes, fits: totalBytes <= limitBytes, offChipBytes };
}

/** The gradient of the word table, as dense as the table, before it is added to its accumulator. */
function tableBytes({ model, precision }: IpuRun): number {
  return model.vocabSize * model.hiddenSize * bytesOf(precision);
}

function optimizerBytes({ optimizer, mode, replicas }: IpuRun, parameters: number): number {
  if (!optimizer || mode === 'inference') return 0;
  const shards = optimizer.replicatedTensorSharding ? replicas : 1;
  return (MOMENTS[optimizer.name] * parameters * bytesOf(optimizer.statePrecision)) / shards;
}

function stashBytes(run: IpuRun, stage: IpuStage, depth: number): number {
  if (depth === 1) return 0; // its backward follows at once
  const batch = batchOf(run);
  const layers = Math.max(stage.attention, stage.feedForward);
  const input = stage.embedding ? 0 : 1;
  const kept = {
    stage: input * boundaryElements(batch),
    layer: (input + Math.max(0, layers - 1)) * boundaryElements(batch),
    none: layerActivations(batch, stage) + input * boundaryElements(batch),
  };
  return depth * kept[run.recompute] * bytesOf(run.stashPrecision);
}

/** Alive at once while one micro-batch is in the stage. @param atOnce its backward follows its forward at once */
function activationBytes(run: IpuRun, stage: IpuStage, atOnce: boolean): number {
  const batch = batchOf(run);
  const bytes = bytesOf(run.precision);
  if (run.mode === 'inference') return forwardPeak(batch, stage.head) * bytes;
  const all = layerActivations(batch, stage);
  const layers = Math.max(1, stage.attention, stage.feedForward);
  const checkpoints = atOnce ? (layers - 1) * boundaryElements(batch) : 0; // elsewhere they are in the stash
  const live = { stage: all, layer: all / layers + checkpoints, none: atOnce ? all : 0 }[run.recompute];
  return (live + (stage.head ? headActivations(batch) : 0) + 2 * boundaryElements(batch)) * bytes;
}

function layerActivations(batch: BatchShape, { attention, feedForward }: IpuStage): number {
  return attention * attentionActivations(batch) + feedForward * feedForwardActivations(batch);
}

function batchOf({ model, microBatch, sequenceLength }: IpuRun): BatchShape {
  return { model, rows: microBatch, sequenceLength };
}
