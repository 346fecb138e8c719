import * as v from 'valibot';
import { figureOrNull, finite, savedWarning, type Frozen } from '../../ipu-config/base/checked.js';
import { MODEL_TYPES } from '../models/families/families.js';
import { CHIPS, SYSTEMS } from './hardware-specs.js';
import { figureRange, isInRange } from './ranges.js';
import type { ChipSpec, SystemSpec } from './hardware.js';
import { HEADS } from './model-shape.js';
import { OPTIMIZERS, type IpuRun } from './run-spec.js';

/** IPUs of one replica: a pod of 256 is the largest there was. */
const MOST_IPUS = 4096;
const MOST_PARTS = 4096;
/** Stages × micro-batches of one update or call: a run of so many takes seconds, and some hundred megabytes. */
const MOST_PASSES = 1 << 18;

export const count = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
export const ipuCount = v.pipe(count, v.maxValue(MOST_IPUS));
export const ipuNumber = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MOST_IPUS - 1));
/** Layers of a model, parts of its embedding: costs are added up one by one. */
export const partCount = v.pipe(count, v.maxValue(MOST_PARTS));
/** Halves of layers on a stage. */
export const halves = v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(MOST_PARTS));
export const share = v.pipe(finite, v.minValue(0), v.maxValue(1));
export const positive = v.pipe(finite, v.gtValue(0));
export const precision = v.picklist(['float16', 'float32']);
export const stashPrecision = v.picklist(['float8', 'float16', 'float32']);
export const mode = v.picklist(['training', 'inference']);
export const execution = v.picklist(['pipelined', 'sharded']);
export const recompute = v.picklist(['stage', 'layer', 'none']);

export const TOO_LARGE = `of ${MOST_PASSES} passes of a micro-batch through a stage at most`;

/** Whether it is simulated: the cost of a request is known before it is run. */
export function isSmall(
  run: Pick<IpuRun, 'mode' | 'gradientAccumulation' | 'deviceIterations'> & {
    readonly stages: readonly unknown[];
  },
): boolean {
  const { stages, mode: of, gradientAccumulation, deviceIterations } = run;
  return stages.length * (of === 'training' ? gradientAccumulation : deviceIterations) <= MOST_PASSES;
}

/** Every figure that a spec has. */
function figuresOf(spec: object): Record<string, v.GenericSchema<unknown, number>> {
  const names = Object.entries(spec).filter(([, value]) => typeof value === 'number');
  return Object.fromEntries(
    names.map(([name]) => {
      const range = figureRange(name);
      return [
        name,
        v.pipe(
          finite,
          v.check((value) => isInRange(value, range), range.words),
        ),
      ];
    }),
  );
}

const CHIP = v.object({ name: v.string(), ...figuresOf(CHIPS['gc200']!) });
const SYSTEM = v.object({ name: v.string(), chip: v.string(), ...figuresOf(SYSTEMS['pod16']!) });

/** The sizes of a model. */
export const MODEL_SHAPE = v.object({
  name: v.string(),
  modelType: v.exactOptional(v.picklist(MODEL_TYPES)),
  hiddenSize: count,
  layers: partCount,
  attentionHeads: count,
  intermediateSize: count,
  vocabSize: count,
  maxPositions: count,
  padTokenId: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  tokenTypes: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
  head: v.picklist(HEADS),
  maskedTokensPerRow: v.exactOptional(count),
  labels: v.exactOptional(count),
});

/** A run as `simulate --json` writes it. */
const IPU_RUN: v.GenericSchema<unknown, IpuRun> = v.pipe(
  v.object({
    model: MODEL_SHAPE,
    hardware: v.object({
      chip: CHIP as unknown as v.GenericSchema<unknown, ChipSpec>,
      system: SYSTEM as unknown as v.GenericSchema<unknown, SystemSpec>,
    }),
    mode,
    execution,
    ipusPerReplica: ipuCount,
    replicas: count,
    sequenceLength: count,
    sequencesPerRow: positive,
    microBatch: count,
    gradientAccumulation: count,
    deviceIterations: count,
    schedule: v.exactOptional(v.object({ name: v.string(), chunks: v.exactOptional(ipuCount) })),
    stages: v.pipe(
      v.array(
        v.object({
          ipu: ipuNumber,
          embedding: v.boolean(),
          attention: halves,
          feedForward: halves,
          head: v.boolean(),
        }),
      ),
      v.minLength(1),
      v.maxLength(MOST_IPUS),
    ),
    recompute,
    precision,
    stashPrecision,
    optimizer: v.nullable(
      v.object({
        name: v.picklist(OPTIMIZERS),
        stateOffChip: v.boolean(),
        replicatedTensorSharding: v.boolean(),
        statePrecision: precision,
      }),
    ),
    matmulProportion: v.array(share),
    halfPartials: v.boolean(),
    embeddingSerialization: partCount,
  }),
  v.check(
    ({ stages, ipusPerReplica }) => stages.every(({ ipu }) => ipu < ipusPerReplica),
    'with stages on IPUs below ipusPerReplica',
  ),
  v.check(
    ({ matmulProportion: of, ipusPerReplica }) => of.length === ipusPerReplica,
    'with a matmulProportion for each IPU',
  ),
  v.check((run) => isSmall(run), TOO_LARGE),
);

/** A simulation as `simulate --json` prints it: it has no spans, but everything that it takes to simulate it again. */
export type SavedSimulation = Frozen<v.InferOutput<typeof SAVED_SIMULATION>>;
export const SAVED_SIMULATION = v.object({
  format: v.literal('ipu-pipeline-simulation'),
  version: v.literal(1),
  run: IPU_RUN,
  rates: v.object({ sequencesPerSecond: figureOrNull, stepSeconds: figureOrNull }),
  warnings: v.array(savedWarning),
  /** What would help a run that does not fit. */
  advice: v.exactOptional(
    v.array(
      v.object({
        change: v.string(),
        bytesSaved: figureOrNull,
        fits: v.boolean(),
        throughputChange: figureOrNull,
      }),
    ),
  ),
});
