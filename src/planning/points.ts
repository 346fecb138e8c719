import * as v from 'valibot';
import { checkedBy } from '../../ipu-config/base/checked.js';
import { InputError, IpuPipelineError } from '../../ipu-config/base/errors.js';
import { parseJson, short } from '../../ipu-config/base/json-text.js';
import { comparePoints, type Measured, type MeasuredPoint } from './compare-points.js';
import { hardwareOf, override, type HardwareOverrides } from '../hardware/hardware-specs.js';
import { headByName, optimizerByName } from '../hardware/names.js';
import {
  count,
  execution,
  halves,
  ipuCount,
  ipuNumber,
  isSmall,
  partCount,
  mode,
  positive,
  precision,
  recompute,
  share,
  stashPrecision,
  TOO_LARGE,
} from '../hardware/run-schema.js';
import { checkRanges } from '../hardware/ranges.js';
import type { IpuRun } from '../hardware/run-spec.js';

const halvesOrNone = v.optional(halves, 0);
const usually16 = v.optional(precision, 'float16');

const POINT = v.object({
  id: v.string(),
  model: v.object({
    name: v.optional(v.string(), 'model'),
    hiddenSize: count,
    layers: partCount,
    attentionHeads: count,
    intermediateSize: v.optional(count),
    vocabSize: count,
    maxPositions: v.optional(count),
    head: v.optional(v.nullable(v.string()), 'none'),
    maskedTokensPerRow: v.nullish(count),
    labels: v.optional(count),
  }),
  mode,
  execution: v.optional(execution),
  chip: v.string(),
  ipus: v.optional(count),
  ipusPerReplica: ipuCount,
  replicas: v.optional(count, 1),
  sequenceLength: count,
  sequencesPerRow: v.optional(positive, 1),
  microBatch: count,
  gradientAccumulation: v.nullish(count, 1),
  deviceIterations: v.nullish(count, 1),
  stages: v.pipe(
    v.array(
      v.object({
        ipu: ipuNumber,
        embedding: v.optional(v.boolean(), false),
        attention: halvesOrNone,
        feedForward: halvesOrNone,
        head: v.optional(v.boolean(), false),
      }),
    ),
    v.minLength(1),
  ),
  recompute: v.nullish(recompute, 'none'),
  precision: usually16,
  stashPrecision: v.optional(stashPrecision),
  optimizer: v.nullish(
    v.object({
      name: v.optional(v.string(), 'adam'),
      stateOffChip: v.optional(v.boolean(), false),
      replicatedTensorSharding: v.optional(v.boolean(), false),
      statePrecision: v.optional(precision, 'float32'),
    }),
  ),
  matmulProportion: v.nullish(v.union([share, v.pipe(v.array(share), v.minLength(1))]), 0.2),
  enableHalfPartials: v.optional(v.boolean(), true),
  embeddingSerialization: v.optional(partCount, 1),
  measured: v.optional(
    v.object({
      rowsPerSecond: v.nullish(positive),
      sequencesPerSecond: v.nullish(positive),
      stepSeconds: v.nullish(positive),
    }),
    {},
  ),
  quality: v.nullish(v.string()),
});
type RawPoint = v.InferOutput<typeof POINT>;

/** A file of measured runs. */
export interface LoadedPoints {
  /** The runs on hardware with other figures. @throws InputError for a figure that there is not */
  readonly points: (overrides: HardwareOverrides) => readonly MeasuredPoint[];
  /** What is wrong with records that were left out, a sentence or two each. */
  readonly problems: readonly string[];
}

/**
 * Reads a file of measured runs. A record that is wrong, or cannot be simulated, is left out and named.
 * @param name how errors call the file
 * @throws InputError when it is no JSON, or no record is right
 */
export function loadPoints(text: string, name: string): LoadedPoints {
  const list = listOf(parseJson(name, text, InputError), `${name}: `);
  const problems: string[] = [];
  const good: MeasuredPoint[] = [];
  list.forEach((item, index) => {
    try {
      const point = parsePoint(item, index, { overrides: {}, prefix: `${name}: ` });
      if (good.some(({ id }) => id === point.id)) throw twice(point.id, `${name}: `);
      comparePoints([point]);
      good.push(point);
    } catch (error) {
      if (!(error instanceof IpuPipelineError)) throw error;
      problems.push(error.message);
    }
  });
  if (good.length === 0) throw new InputError(problems[0]);
  return {
    points: (overrides) =>
      good.map((point) => {
        return { ...point, run: { ...point.run, hardware: override(point.run.hardware, overrides) } };
      }),
    problems,
  };
}

/**
 * Reads measured runs in the format of `points.json`: an array, or an object whose `points` is one.
 * @param prefix of errors
 * @throws InputError naming the point's id, the field and what would be right
 */
export function parsePoints(value: unknown, overrides: HardwareOverrides = {}, prefix = ''): MeasuredPoint[] {
  const points = listOf(value, prefix).map((item, index) => parsePoint(item, index, { overrides, prefix }));
  const seen = new Set<string>();
  points.forEach(({ id }) => {
    if (seen.size === seen.add(id).size) throw twice(id, prefix);
  });
  return points;
}

function listOf(value: unknown, prefix: string): readonly unknown[] {
  const list = Array.isArray(value) ? value : (value as { points?: unknown } | null)?.points;
  if (Array.isArray(list) && list.length > 0) return list;
  throw new InputError(`${prefix}A points file holds a JSON array of measured runs, with one at least.`);
}

function twice(id: string, prefix: string): InputError {
  return new InputError(`${prefix}Two points have the id ${short(id)}; give each its own.`);
}

function parsePoint(
  item: unknown,
  index: number,
  { overrides, prefix }: { readonly overrides: HardwareOverrides; readonly prefix: string },
): MeasuredPoint {
  const given = (item as { id?: unknown } | null)?.id;
  const name = `${prefix}${typeof given === 'string' ? `Point ${short(given)}` : `Point number ${index + 1}`}`;
  const point = checkedBy(POINT, item, name);
  refuseMisspelt(item, name);
  const fail = (field: string, text: string): never => {
    throw new InputError(`${name}: ${field} ${text}`);
  };
  checkTogether(point, fail);
  const run = toRun(point, fail, overrides);
  checkRanges(run, {}, `${name}: `);
  return {
    id: point.id,
    run,
    measured: dropNull(point.measured),
    ...(typeof point.quality === 'string' ? { quality: point.quality } : {}),
  };
}

/** Files may say more of a run than is read here; but not the same under another spelling. */
function refuseMisspelt(item: unknown, name: string): void {
  const plain = (key: string): string => key.toLowerCase().replace(/[^a-z0-9]/g, '');
  const { model } = POINT.entries;
  for (const [path, part, entries] of [
    ['', item, POINT.entries],
    ['model.', (item as { model: unknown }).model, model.entries],
  ] as const) {
    for (const key of Object.keys(part as object)) {
      const meant = Object.keys(entries).find(
        (known) => plain(key) === plain(known) || plain(key) === `${plain(known)}size`,
      );
      if (meant === undefined || meant === key || Object.hasOwn(entries, key)) continue;
      throw new InputError(`${name}: ${path}${short(key)} is not a field; write ${path}${meant}.`);
    }
  }
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
  const proportions = point.matmulProportion;
  if (Array.isArray(proportions) && proportions.length !== ipusPerReplica) {
    fail(
      'matmulProportion',
      `has ${proportions.length} entries for ${ipusPerReplica} IPUs; give one for each.`,
    );
  }
  const { gradientAccumulation: updates, deviceIterations: calls } = point;
  const size = { mode: point.mode, stages, gradientAccumulation: updates ?? 1, deviceIterations: calls ?? 1 };
  if (!isSmall(size)) fail('the run', `is larger than one ${TOO_LARGE}.`);
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
    stashPrecision: point.stashPrecision ?? point.precision,
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
