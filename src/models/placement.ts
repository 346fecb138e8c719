import type { Warning } from '../../ipu-config/base/warning.js';
import type { Mode } from '../../ipu-config/attributes.js';
import { ConfigError, InputError } from '../../ipu-config/base/errors.js';
import type { IpuConfig } from '../../ipu-config/ipu-config.js';
import { MAX_IPUS } from '../../ipu-config/ipu-reservation.js';
import {
  expandLayersPerIpu,
  layerIpus,
  layerSplit,
  type LayerSplit,
} from '../../ipu-config/layer-placement.js';
import { trainingStages } from '../../ipu-config/pipeline-minimum.js';
import { quoted } from '../../ipu-config/python-repr.js';
import { headOf, type Block, type Family } from './family.js';
import type { ModelHead } from './model-config.js';

/** One forward stage: neighbouring blocks on one IPU. */
export interface PlacedStage {
  readonly stage: number;
  readonly ipu: number;
  readonly embedding: boolean;
  /** Encoder layers `[first, end)`; empty where the stage has none. */
  readonly layers: readonly [number, number];
  /** The pooler of a classifier may run one stage before its head. */
  readonly pooler: boolean;
  readonly head: ModelHead | null;
}

export interface Placement {
  readonly mode: Mode;
  readonly layers: number;
  /** IPUs of the parts; null where the model has no such part. */
  readonly embedding: number;
  readonly encoder: readonly number[];
  readonly pooler: number | null;
  readonly head: number | null;
  readonly blocks: readonly Block[];
  /** Forward stages in order; training adds one fewer backward stages. */
  readonly stages: readonly PlacedStage[];
  readonly trainingStages: number;
  /** What `embedding_serialization_factor` cuts into parts: a table, or the decoder that is tied to it. */
  readonly serialized: { readonly module: string; readonly parts: number } | null;
  /** Layers whose outputs `recompute_checkpoint_every_layer` keeps. */
  readonly checkpoints: readonly number[];
  /** IPUs of one replica, used or not. */
  readonly ipus: number;
  readonly replicas: number;
  readonly warnings: readonly Warning[];
}

export interface PlacedShape {
  readonly layers: number;
  readonly head: ModelHead | null;
  /** The configuration's present mode when absent. */
  readonly mode?: Mode;
}

/**
 * Where each part of a model sits. Every layer is placed exactly once, in order.
 * @throws ConfigError when `layers_per_ipu` does not fit the model, also where upstream would lose or invent layers
 * @throws InputError when the number of layers is none, or for a head that the family does not have
 */
export function placeLayers(config: IpuConfig, shape: PlacedShape, family: Family): Placement {
  const { layers, head } = shape;
  if (!Number.isSafeInteger(layers) || layers < 1) {
    throw new InputError(`A model cannot have ${layers} layers; give a whole number from 1.`);
  }
  const view = config.clone();
  view.mode = shape.mode ?? config.mode;
  const split = layerSplit(view);
  refuseTooMany(split, layers);
  const encoder = layerIpus(split, layers);
  const top = head === null ? undefined : headOf(family, head);
  const blocks: readonly Block[] = [
    { name: 'Embedding', ipu: 0 },
    ...encoder.map((ipu, layer) => ({ name: `Encoder${layer}`, ipu })),
    ...(top?.blocks({ lastLayer: encoder.at(-1) ?? 0, last: split.ipusPerReplica - 1 }) ?? []),
  ];
  // Upstream's models read the training value in inference too.
  const parts = view.get('embedding_serialization_factor') ?? 1;
  const kept = view.get('recompute_checkpoint_every_layer') ? layers - (top?.keepsLastLayer ? 0 : 1) : 0;
  const stages = mergeBlocks(blocks, head);
  const ipuOf = (isPart: (name: string) => boolean): number | null =>
    blocks.find(({ name }) => isPart(name))?.ipu ?? null;
  const replicas = view.get(view.mode === 'training' ? 'replication_factor' : 'inference_replication_factor');
  return {
    mode: view.mode,
    layers,
    embedding: 0,
    encoder,
    pooler: ipuOf((name) => name.startsWith('Pooler')),
    head: head === null ? null : (blocks.at(-1)?.ipu ?? null),
    blocks,
    stages,
    trainingStages: trainingStages(stages.length),
    serialized: parts > 1 ? { module: top?.decoder ?? family.wordTable, parts } : null,
    checkpoints: Array.from({ length: kept }, (_, layer) => layer),
    ipus: split.ipusPerReplica,
    replicas,
    warnings: [
      ...splitWarnings(split, layers, stages),
      ...reservationWarnings(split.ipusPerReplica, replicas),
      ...depthWarnings(view, stages.length),
    ],
  };
}

/** `Embedding, layers 0–2`, `Layers 3–9`, `Head`: how tables and errors call a stage. */
export function stageName(stage: PlacedStage): string {
  const [first, end] = stage.layers;
  const layers = end - first === 1 ? `layer ${first}` : `layers ${first}–${end - 1}`;
  const parts = [
    ...(stage.embedding ? ['embedding'] : []),
    ...(end > first ? [layers] : []),
    ...(stage.pooler && stage.head !== 'pooler' ? ['pooler'] : []),
    ...(stage.head === null ? [] : [stage.head]),
  ];
  const name = parts.join(', ');
  return name.charAt(0).toUpperCase() + name.slice(1);
}

/** Upstream fills a wildcard with a negative number here and goes on with a model of the wrong depth. */
function refuseTooMany(split: LayerSplit, layers: number): void {
  const { layersPerIpu, ipusPerReplica, layersName } = split;
  const fixed = layersPerIpu.reduce((sum, count) => sum + Math.max(0, count), 0);
  if (ipusPerReplica === 1 || !layersPerIpu.includes(-1) || fixed <= layers) return;
  throw new ConfigError(
    'IncompatibleIPUConfigError',
    `${layersName}=${quoted(layersPerIpu)} puts ${fixed} layers on IPUs before its wildcards get any,` +
      ` but the model has ${layers}. Lower the fixed entries to ${layers} in all, or less.`,
  );
}

/**
 * Neighbouring blocks on one IPU are one stage.
 * Source: poptorch c2a8b17, popart_compiler/source/CompilerImpl.cpp, numPipelineStages.
 */
function mergeBlocks(blocks: readonly Block[], head: ModelHead | null): readonly PlacedStage[] {
  const stages: PlacedStage[] = [];
  const lastBlock = blocks.at(-1);
  let placed = 0;
  for (const block of blocks) {
    const previous = stages.at(-1);
    const open: PlacedStage =
      previous?.ipu === block.ipu
        ? previous
        : {
            stage: stages.length,
            ipu: block.ipu,
            embedding: false,
            layers: [placed, placed],
            pooler: false,
            head: null,
          };
    if (block.name.startsWith('Encoder')) placed += 1;
    stages[open.stage] = {
      ...open,
      embedding: open.embedding || block.name === 'Embedding',
      layers: [open.layers[0], placed],
      pooler: open.pooler || block.name.startsWith('Pooler'),
      head: block === lastBlock ? head : null,
    };
  }
  return stages;
}

function splitWarnings(
  split: LayerSplit,
  layers: number,
  stages: readonly PlacedStage[],
): readonly Warning[] {
  const { layersPerIpu, ipusPerReplica, layersName, ipusName } = split;
  const warnings: Warning[] = [];
  const sum = layersPerIpu.reduce((total, count) => total + count, 0);
  if (ipusPerReplica === 1 && !(layersPerIpu.length === 1 && (layersPerIpu[0] === -1 || sum === layers))) {
    const text = `${layersName}=${quoted(layersPerIpu)} is ignored, as upstream does: with ${ipusName}=1 all ${layers} layers go to IPU 0.`;
    warnings.push({ code: 'ignored-split', text });
  }
  const uneven = unevenHint(split, layers);
  if (uneven !== undefined) warnings.push({ code: 'uneven-split', text: uneven });
  const used = new Set(stages.map(({ ipu }) => ipu));
  const idle = Array.from({ length: ipusPerReplica }, (_, ipu) => ipu).filter((ipu) => !used.has(ipu));
  if (idle.length > 0) {
    const text = `Nothing is placed on IPU ${idle.join(', ')}: an empty IPU makes no stage.`;
    warnings.push({ code: 'idle-ipus', text });
  }
  return warnings;
}

/** Upstream gives all that is left over to the last wildcard. */
function unevenHint(split: LayerSplit, layers: number): string | undefined {
  const { layersPerIpu, ipusPerReplica, layersName } = split;
  if (ipusPerReplica === 1 || !layersPerIpu.includes(-1)) return undefined;
  const counts = expandLayersPerIpu(split, layers);
  const isOpen = (ipu: number): boolean => layersPerIpu.length === 1 || layersPerIpu[ipu] === -1;
  const open = counts.filter((_, ipu) => isOpen(ipu));
  const [least, most] = [Math.min(...open), Math.max(...open)];
  if (most - least < 2) return undefined;
  const left = most - least;
  const even = counts.map((count, ipu) => {
    if (!isOpen(ipu)) return count;
    const before = counts.slice(0, ipu).filter((_, other) => isOpen(other)).length;
    return least + Number(before >= open.length - left);
  });
  return (
    `${layersName}=${quoted(layersPerIpu)} puts ${most} layers on IPU ${counts.lastIndexOf(most)} and ${least} on others, ` +
    `as upstream gives all that is left over to the last wildcard; ${layersName}=${quoted(even)} is even.`
  );
}

function reservationWarnings(ipus: number, replicas: number): readonly Warning[] {
  const wanted = ipus * replicas;
  if (wanted > MAX_IPUS) {
    const text = `${replicas} replicas of ${ipus} IPUs are ${wanted} IPUs; PopTorch runs at most ${MAX_IPUS} in one process.`;
    return [{ code: 'too-many-ipus', text }];
  }
  const reserved = 2 ** Math.ceil(Math.log2(wanted));
  if (reserved === wanted) return [];
  const text = `PopTorch reserves IPUs in powers of two: ${reserved} for these ${wanted}.`;
  return [{ code: 'reserved-ipus', text }];
}

function depthWarnings(config: IpuConfig, forward: number): readonly Warning[] {
  const [name, needed] =
    config.mode === 'training'
      ? (['gradient_accumulation_steps', 2 * forward - 1] as const)
      : (['inference_device_iterations', forward] as const);
  const value = config.get(name);
  if (value >= needed) return [];
  const text =
    `${name}=${value} does not fill the pipeline: PopTorch's pipelined execution wants at least ${needed}, one` +
    ` micro-batch for each of ${needed} stages. Sharded execution takes any number.`;
  return [{ code: 'unfilled-pipeline', text }];
}
