import * as v from 'valibot';
import { InputError } from '../../ipu-config/base/errors.js';
import { hardwareOf, type HardwareOverrides } from '../hardware/hardware-specs.js';
import { headByName, optimizerByName } from '../hardware/names.js';
import type { IpuRun } from '../hardware/run-spec.js';

/** What a measured run gives; any of the three. */
export interface Measured {
  readonly rowsPerSecond?: number;
  readonly sequencesPerSecond?: number;
  /** One weight update in training, one call in inference. */
  readonly stepSeconds?: number;
}

export interface MeasuredPoint {
  readonly id: string;
  readonly run: IpuRun;
  readonly measured: Measured;
  readonly quality?: string;
}

const count = v.pipe(v.number(), v.integer(), v.minValue(1));
const halves = v.optional(v.pipe(v.number(), v.integer(), v.minValue(0)), 0);
const share = v.pipe(v.number(), v.minValue(0));
const precision = v.optional(v.picklist(['float16', 'float32']), 'float16');

const POINT = v.object({
  id: v.string(),
  model: v.object({
    name: v.optional(v.string(), 'model'),
    hiddenSize: count,
    layers: count,
    attentionHeads: count,
    intermediateSize: v.optional(count),
    vocabSize: count,
    maxPositions: v.optional(count),
    head: v.optional(v.nullable(v.string()), 'none'),
    maskedTokensPerRow: v.nullish(v.pipe(v.number(), v.minValue(0))),
    labels: v.optional(count),
  }),
  mode: v.picklist(['training', 'inference']),
  execution: v.optional(v.picklist(['pipelined', 'sharded'])),
  chip: v.string(),
  ipus: v.optional(count),
  ipusPerReplica: count,
  replicas: v.optional(count, 1),
  sequenceLength: count,
  sequencesPerRow: v.optional(v.pipe(v.number(), v.gtValue(0)), 1),
  microBatch: count,
  gradientAccumulation: v.nullish(count, 1),
  deviceIterations: v.nullish(count, 1),
  stages: v.pipe(
    v.array(
      v.object({
        ipu: v.pipe(v.number(), v.integer(), v.minValue(0)),
        embedding: v.optional(v.boolean(), false),
        attention: halves,
        feedForward: halves,
        head: v.optional(v.boolean(), false),
      }),
    ),
    v.minLength(1),
  ),
  recompute: v.nullish(v.picklist(['stage', 'layer', 'none']), 'none'),
  precision,
  stashPrecision: precision,
  optimizer: v.nullish(
    v.object({
      name: v.optional(v.string(), 'adam'),
      stateOffChip: v.optional(v.boolean(), false),
      replicatedTensorSharding: v.optional(v.boolean(), false),
      statePrecision: v.optional(v.picklist(['float16', 'float32']), 'float32'),
    }),
  ),
  matmulProportion: v.nullish(v.union([share, v.pipe(v.array(share), v.minLength(1))]), 0.2),
  enableHalfPartials: v.optional(v.boolean(), true),
  embeddingSerialization: v.optional(count, 1),
  measured: v.optional(
    v.object({
      rowsPerSecond: v.nullish(v.pipe(v.number(), v.gtValue(0))),
      sequencesPerSecond: v.nullish(v.pipe(v.number(), v.gtValue(0))),
      stepSeconds: v.nullish(v.pipe(v.number(), v.gtValue(0))),
    }),
    {},
  ),
  quality: v.nullish(v.string()),
});
type RawPoint = v.InferOutput<typeof POINT>;

/**
 * Reads measured runs in the format of `points.json`: an array, or an object whose `points` is one.
 * @throws InputError naming the point's id, the field and what would be right
 */
export function parsePoints(value: unknown, overrides: HardwareOverrides = {}): MeasuredPoint[] {
  const list = Array.isArray(value) ? value : (value as { points?: unknown } | null)?.points;
  if (!Array.isArray(list) || list.length === 0) {
    throw new InputError('A points file holds a JSON array of measured runs, with one at least.');
  }
  const points = list.map((item, index) => parsePoint(item, index, overrides));
  points.forEach(({ id }, index) => {
    const before = points.findIndex((point) => point.id === id);
    if (before < index) throw new InputError(`Two points have the id ${id}; give each its own.`);
  });
  return points;
}

function parsePoint(item: unknown, index: number, overrides: HardwareOverrides): MeasuredPoint {
  const given = (item as { id?: unknown } | null)?.id;
  const name = typeof given === 'string' ? `Point ${given}` : `Point number ${index + 1}`;
  const result = v.safeParse(POINT, item);
  if (!result.success) {
    const [issue] = result.issues;
    const field = v.getDotPath(issue) ?? 'the point';
    throw new InputError(
      `${name}: ${field} is ${JSON.stringify(issue.input) ?? 'missing'}. ${issue.message}.`,
    );
  }
  const point = result.output;
  const fail = (field: string, text: string): never => {
    throw new InputError(`${name}: ${field} ${text}`);
  };
  checkTogether(point, fail);
  return {
    id: point.id,
    run: toRun(point, fail, overrides),
    measured: dropNull(point.measured),
    ...(typeof point.quality === 'string' ? { quality: point.quality } : {}),
  };
}

type Fail = (field: string, text: string) => never;

function checkTogether(point: RawPoint, fail: Fail): void {
  const { stages, model, ipusPerReplica, replicas, ipus } = point;
  const sum = (part: 'attention' | 'feedForward'): number => stages.reduce((all, s) => all + s[part], 0);
  for (const part of ['attention', 'feedForward'] as const) {
    if (sum(part) === model.layers) continue;
    fail('stages', `hold ${sum(part)} ${part} halves, but model.layers is ${model.layers}; place each once.`);
  }
  const outside = stages.findIndex(({ ipu }) => ipu >= ipusPerReplica);
  if (outside >= 0) {
    const { ipu } = stages[outside]!;
    fail(`stages.${outside}.ipu`, `is ${ipu}, but ipusPerReplica is ${ipusPerReplica}: IPUs count from 0.`);
  }
  if (ipus !== undefined && ipus < ipusPerReplica * replicas) {
    fail(
      'ipus',
      `is ${ipus}, but ${replicas} replicas of ${ipusPerReplica} need ${ipusPerReplica * replicas}.`,
    );
  }
  const embeddings = stages.filter((stage) => stage.embedding).length;
  if (embeddings > 1) fail('stages', `have ${embeddings} with embedding: true; give one at most.`);
  if (model.hiddenSize % model.attentionHeads !== 0) {
    fail(
      'model.attentionHeads',
      `is ${model.attentionHeads}, which does not divide hiddenSize ${model.hiddenSize}.`,
    );
  }
  const proportions = point.matmulProportion;
  if (Array.isArray(proportions) && proportions.length !== ipusPerReplica) {
    fail(
      'matmulProportion',
      `has ${proportions.length} entries for ${ipusPerReplica} IPUs; give one for each.`,
    );
  }
  const depth = 2 * stages.length - 1;
  if (point.mode === 'training' && (point.gradientAccumulation ?? 1) < depth) {
    fail(
      'gradientAccumulation',
      `is ${point.gradientAccumulation}, but ${stages.length} stages in training need ${depth} micro-batches or more.`,
    );
  }
}

function toRun(point: RawPoint, fail: Fail, overrides: HardwareOverrides): IpuRun {
  const { model, ipusPerReplica, replicas } = point;
  const training = point.mode === 'training';
  const deviceIterations = point.deviceIterations ?? 1;
  const ipus = point.ipus ?? ipusPerReplica * replicas;
  const proportions = point.matmulProportion ?? 0.2;
  const pipelined = training || deviceIterations >= point.stages.length;
  return {
    model: {
      name: model.name,
      hiddenSize: model.hiddenSize,
      layers: model.layers,
      attentionHeads: model.attentionHeads,
      vocabSize: model.vocabSize,
      intermediateSize: model.intermediateSize ?? 4 * model.hiddenSize,
      maxPositions: model.maxPositions ?? Math.max(512, point.sequenceLength),
      head: headByName(model.head ?? 'none', (text) => fail('model.head', text)),
      labels: model.labels ?? 2,
      ...(typeof model.maskedTokensPerRow === 'number'
        ? { maskedTokensPerRow: model.maskedTokensPerRow }
        : {}),
    },
    hardware: hardwareOf(point.chip, ipus, overrides, (text) => fail('chip', text)),
    mode: point.mode,
    execution: point.execution ?? (pipelined ? 'pipelined' : 'sharded'),
    ipusPerReplica,
    replicas,
    sequenceLength: point.sequenceLength,
    sequencesPerRow: point.sequencesPerRow,
    microBatch: point.microBatch,
    gradientAccumulation: training ? (point.gradientAccumulation ?? 1) : 1,
    deviceIterations,
    stages: point.stages,
    recompute: point.recompute ?? 'none',
    precision: point.precision,
    stashPrecision: point.stashPrecision,
    optimizer: training ? optimizerOf(point, fail) : null,
    matmulProportion: Array.isArray(proportions)
      ? proportions
      : Array.from({ length: ipusPerReplica }, () => proportions),
    halfPartials: point.enableHalfPartials,
    embeddingSerialization: point.embeddingSerialization,
  };
}

function optimizerOf({ optimizer }: RawPoint, fail: Fail): IpuRun['optimizer'] {
  const { name, ...rest } = optimizer ?? {
    name: 'adam',
    stateOffChip: false,
    replicatedTensorSharding: false,
    statePrecision: 'float32' as const,
  };
  return { name: optimizerByName(name, (text) => fail('optimizer.name', text)), ...rest };
}

function dropNull(measured: RawPoint['measured']): Measured {
  return Object.fromEntries(Object.entries(measured).filter(([, value]) => value !== null));
}
