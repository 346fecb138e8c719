import type { Warning } from '../../ipu-config/base/warning.js';
import { programOf } from '../models/families/families.js';
import type { ModelHead, ModelConfig, Slice } from '../models/model-config.js';
import { tensorBytes, weightBytes, type Program, type Sizes } from '../models/program.js';
import type { MachineProfile, ModelProfile } from './machine-profile.js';

export interface BatchShape {
  readonly microBatch: number;
  readonly sequenceLength: number;
}

/** What one action takes while nothing else runs, in nanoseconds; the parts suffer differently from neighbours. */
export interface StageWork {
  /** Reading weights. */
  readonly weightsNs: number;
  /** Everything else. */
  readonly computeNs: number;
}

export function totalNs({ weightsNs, computeNs }: StageWork): number {
  return weightsNs + computeNs;
}

/** A model's times on the machine, measured or worked out from those of another model. */
export interface KnownModel {
  readonly profile: ModelProfile;
  readonly warnings: readonly Warning[];
}

/** Of a micro-batch. */
export function sizesOf({ microBatch, sequenceLength }: BatchShape): Sizes {
  return { batch: microBatch, sequence: sequenceLength };
}

/** Bytes that go from slot to slot by way of an action: its inputs and its outputs. */
export function copiedBytes(config: ModelConfig, slice: Slice, shape: BatchShape): number {
  const { inputs, outputs } = programOf(config, slice);
  return tensorBytes([...inputs, ...outputs], sizesOf(shape));
}

/** One action of a stage. @param threads inside the stage */
export function stageWork(
  profile: ModelProfile,
  config: ModelConfig,
  slice: Slice,
  shape: BatchShape & { readonly threads: number },
): StageWork {
  const { action, embedding, layer, head } = profile;
  const { microBatch, sequenceLength, threads } = shape;
  const tokens = microBatch * sequenceLength;
  const layers = slice.endLayer - slice.firstLayer;
  const weightsNs = layers * layer.weightsNs + (slice.head ? head.weightsNs : 0);
  const computeNs =
    (slice.embedding ? embedding.tokenNs * tokens : 0) +
    layers * (layer.tokenNs * tokens + layer.tokenPairNs * tokens * sequenceLength) +
    (slice.head ? head.tokenNs * tokens : 0);
  const within = factorsAt(profile.stageThreads, threads);
  const overheadNs = action.callNs + action.copyNsPerByte * copiedBytes(config, slice, shape);
  return {
    weightsNs: weightsNs * within.weightsFactor,
    computeNs: computeNs * within.computeFactor + overheadNs,
  };
}

interface Factors {
  readonly threads: number;
  readonly weightsFactor: number;
  readonly computeFactor: number;
}

/** Between two measured numbers of threads along the line, beyond the last as there. */
export function factorsAt(table: readonly Factors[], threads: number): Omit<Factors, 'threads'> {
  const after = table.findIndex((entry) => entry.threads >= threads);
  if (after === 0) return table[0]!;
  if (after < 0) return table.at(-1)!;
  const [low, high] = [table[after - 1]!, table[after]!];
  const share = (threads - low.threads) / (high.threads - low.threads);
  const between = (a: number, b: number): number => a + share * (b - a);
  return {
    weightsFactor: between(low.weightsFactor, high.weightsFactor),
    computeFactor: between(low.computeFactor, high.computeFactor),
  };
}

/**
 * A model's times: measured when the profile has a model of these sizes, otherwise scaled from the one that is
 * nearest in size: weights and products by the bytes of weights, what is done to each number by the hidden size.
 */
export function modelOnMachine(
  { models }: MachineProfile,
  config: ModelConfig,
  head: ModelHead | null,
): KnownModel {
  const distance = (model: ModelProfile): number =>
    Math.abs(Math.log(layerBytesOf(model, config) / layerBytes(config))) +
    Math.abs(Math.log(model.hiddenSize / config.hiddenSize)) +
    (model.headName === head || head === null ? 0 : 1e-6);
  const nearest = models.reduce((a, b) => (distance(b) < distance(a) ? b : a));
  const sized = resize(nearest, config);
  if (head === null || head === nearest.headName) return sized;
  return {
    profile: { ...sized.profile, head: headFromLayer(sized.profile, config, head), headName: head },
    warnings: [
      ...sized.warnings,
      {
        code: 'missing-head',
        text: `the profile has no ${head} head: its time is worked out from its weights and those of a layer`,
      },
    ],
  };
}

function resize(model: ModelProfile, config: ModelConfig): KnownModel {
  const hidden = config.hiddenSize / model.hiddenSize;
  const weights = layerBytes(config) / layerBytesOf(model, config);
  if (hidden === 1 && weights === 1) return { profile: model, warnings: [] };
  const { layer, embedding, head } = model;
  return {
    profile: {
      ...model,
      layer: {
        weightsNs: layer.weightsNs * weights,
        tokenNs: layer.tokenNs * weights,
        tokenPairNs: layer.tokenPairNs * hidden,
      },
      embedding: { tokenNs: embedding.tokenNs * hidden },
      head: { weightsNs: head.weightsNs * hidden, tokenNs: head.tokenNs * hidden },
    },
    warnings: [
      {
        code: 'scaled-profile',
        text:
          `the profile has no model of hidden size ${config.hiddenSize}: times are scaled from ${model.name} ` +
          `(${model.hiddenSize}). Profile this model for better ones.`,
      },
    ],
  };
}

/** A head is a product or two: as a layer with so many bytes of weights, for each token or for each row. */
function headFromLayer({ layer }: ModelProfile, config: ModelConfig, head: ModelHead): ModelProfile['head'] {
  const program = partOf(config, { head });
  const share = weightBytes(program) / layerBytes(config);
  // The others look at the first token of each row.
  const perToken = program.steps.some(
    ({ op, output }) => op === 'linear' && output.shape.includes('sequence'),
  );
  return { weightsNs: layer.weightsNs * share, tokenNs: perToken ? layer.tokenNs * share : 0 };
}

function layerBytes(config: ModelConfig): number {
  return weightBytes(partOf(config, { endLayer: 1 }));
}

/** Of a layer of the profiled model, if it were of the family of `config`. */
function layerBytesOf({ hiddenSize, intermediateSize }: ModelProfile, config: ModelConfig): number {
  return layerBytes({ ...config, hiddenSize, intermediateSize });
}

function partOf(config: ModelConfig, part: Partial<Slice>): Program {
  return programOf(config, { embedding: false, firstLayer: 0, endLayer: 0, head: null, ...part });
}
