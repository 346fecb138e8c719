import type { Warning, WarningCode } from '../../ipu-config/base/warning.js';
import { placeModel } from '../models/families/families.js';
import type { PlacedStage, Placement } from '../models/placement.js';
import type { ModelHead } from '../models/model-config.js';
import { ConfigError, InputError } from '../../ipu-config/base/errors.js';
import type { IpuConfig } from '../../ipu-config/ipu-config.js';
import { replicationOf } from '../../ipu-config/ipu-reservation.js';
import { checkPipelineMinimum, trainingStages } from '../../ipu-config/pipeline-minimum.js';
import type { Hardware } from './hardware.js';
import { familyShape, modelHead, type Head, type ModelShape } from './model-shape.js';
import { checkRanges, type FieldNames } from './ranges.js';
import { isSmall, TOO_LARGE } from './run-schema.js';
import { stagesFor } from './run-schedule.js';
import type { IpuRun, IpuStage, Optimizer, Precision, ScheduleChoice, StashPrecision } from './run-spec.js';

/** What an `ipu_config.json` does not say. */
export interface RunSettings {
  readonly model: ModelShape;
  readonly hardware: Hardware;
  readonly mode: 'training' | 'inference';
  readonly sequenceLength: number;
  /** Rows of a micro-batch. */
  readonly microBatch: number;
  /** Absent: as many as fit on the system, as optimum-graphcore's `n_ipu` does. */
  readonly replicas?: number;
  /** Absent: pipelined, unless there are too few device iterations for it. */
  readonly execution?: 'pipelined' | 'sharded';
  /** Absent: PopART's own, in lockstep cycles. */
  readonly schedule?: ScheduleChoice;
  readonly sequencesPerRow?: number;
  readonly optimizer?: Optimizer['name'];
  readonly statePrecision?: Precision;
  readonly precision?: Precision;
  readonly stashPrecision?: StashPrecision;
  /** How errors call what is out of range. */
  readonly names?: FieldNames;
}

export interface ConfiguredRun {
  readonly run: IpuRun;
  readonly warnings: readonly Warning[];
}

/**
 * The run that a configuration describes on a system.
 * @throws ConfigError when layers or accumulation do not fit the pipeline; InputError when the system is too small, or a
 *   setting out of range
 */
export function configuredRun(config: IpuConfig, settings: RunSettings): ConfiguredRun {
  const { model, hardware, mode } = settings;
  const view = config.clone();
  view.mode = mode;
  checkSettings(config, settings);
  const placement = placeModel(view, familyShape(model), { head: placedHead(model.head), mode });
  const stages = orderedStages(placement, settings);
  const gradientAccumulation = mode === 'training' ? view.get('gradient_accumulation_steps') : 1;
  const deviceIterations = view.get(
    mode === 'training' ? 'device_iterations' : 'inference_device_iterations',
  );
  const isPipelined = mode === 'training' || deviceIterations >= stages.length;
  const execution = settings.execution ?? (isPipelined || settings.schedule ? 'pipelined' : 'sharded');
  if (!settings.schedule) {
    checkFilled({ mode, execution, stages: stages.length, gradientAccumulation, deviceIterations });
  }
  checkPasses({ mode, stages, gradientAccumulation, deviceIterations });
  const replicas = replicasOn(placement, settings);
  const { precision = 'float16', sequencesPerRow = 1 } = settings;
  const run: IpuRun = {
    model,
    hardware,
    mode,
    execution,
    ipusPerReplica: placement.ipus,
    replicas,
    sequenceLength: settings.sequenceLength,
    sequencesPerRow,
    microBatch: settings.microBatch,
    gradientAccumulation,
    deviceIterations,
    ...(settings.schedule ? { schedule: settings.schedule } : {}),
    stages,
    recompute:
      mode === 'inference' ? 'none' : view.get('recompute_checkpoint_every_layer') ? 'layer' : 'stage',
    precision,
    stashPrecision: settings.stashPrecision ?? precision,
    optimizer: mode === 'inference' ? null : optimizerOf(view, settings, replicas),
    matmulProportion: proportions(view, placement.ipus),
    halfPartials: view.get('enable_half_partials'),
    embeddingSerialization: placement.serialized?.parts ?? 1,
  };
  return { run, warnings: warningsOf(placement, run) };
}

/** @throws InputError when it would take minutes and gigabytes */
function checkPasses(run: Parameters<typeof isSmall>[0]): void {
  if (isSmall(run)) return;
  const { mode, stages, gradientAccumulation, deviceIterations } = run;
  const [what, count] =
    mode === 'training'
      ? ['gradient_accumulation_steps (--gradient-accumulation)', gradientAccumulation]
      : ['inference_device_iterations (--device-iterations)', deviceIterations];
  throw new InputError(
    `${what} is ${count}, with ${stages.length} stages: a run is simulated ${TOO_LARGE}. Give a smaller number.`,
  );
}

/** @throws ConfigError in PopTorch's words and ours */
function checkFilled(
  run: Pick<IpuRun, 'mode' | 'execution' | 'gradientAccumulation' | 'deviceIterations'> & { stages: number },
): void {
  const { mode, execution, stages, gradientAccumulation, deviceIterations } = run;
  const strategy = execution === 'pipelined' ? 'PipelinedExecution' : 'ShardedExecution';
  try {
    checkPipelineMinimum({ mode, strategy, forwardStages: stages, gradientAccumulation, deviceIterations });
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    const here =
      mode === 'training'
        ? `Here: gradient_accumulation_steps (--gradient-accumulation) is ${gradientAccumulation}; give ${trainingStages(stages)} or more.`
        : `Here: inference_device_iterations (--device-iterations) is ${deviceIterations}; give ${stages} or more, or --execution sharded.`;
    throw new ConfigError(error.type, `${error.message} ${here}`, { cause: error });
  }
}

/**
 * Ranges of what the settings and the configuration say, before anything is worked out.
 * @throws InputError in the words of `settings.names`
 */
export function checkSettings(config: IpuConfig, settings: RunSettings): void {
  const attribute = settings.mode === 'training' ? 'matmul_proportion' : 'inference_matmul_proportion';
  const proportion = config.get(attribute);
  const matmulProportion = typeof proportion === 'number' ? [proportion] : proportion;
  const { sequencesPerRow = 1, names } = settings;
  checkRanges(
    { ...settings, sequencesPerRow, matmulProportion },
    {
      'model.attentionHeads': "the model's number of attention heads",
      matmulProportion: attribute,
      ...names,
    },
  );
}

/** @throws InputError when the schedule that was chosen cannot have these stages */
function orderedStages(
  placement: Placement,
  { schedule, execution, mode }: RunSettings,
): readonly IpuStage[] {
  const stages = placement.stages.map(toStage);
  if (!schedule) return stages;
  if (execution === 'sharded') {
    throw new InputError(
      `Sharded execution has an order of its own: leave it or the schedule ${schedule.name} out.`,
    );
  }
  return stagesFor(schedule, stages, { mode, ipus: placement.ipus });
}

function toStage({ ipu, embedding, layers, head }: PlacedStage): IpuStage {
  const count = layers[1] - layers[0];
  return { ipu, embedding, attention: count, feedForward: count, head: head !== null };
}

function replicasOn({ ipus }: Placement, { hardware, replicas }: RunSettings): number {
  const { name, ipus: available } = hardware.system;
  const most = replicationOf(available, ipus);
  if (most < 1) {
    throw new InputError(
      `One replica takes ${ipus} IPUs, but ${name} has ${available}: give a larger --system, or fewer IPUs in layers_per_ipu.`,
    );
  }
  if (replicas !== undefined && replicas > most) {
    throw new InputError(
      `${replicas} replicas of ${ipus} IPUs are ${replicas * ipus}, but ${name} has ${available}: at most ${most} fit.`,
    );
  }
  return replicas ?? most;
}

function optimizerOf(config: IpuConfig, settings: RunSettings, replicas: number): Optimizer {
  return {
    name: settings.optimizer ?? 'adam',
    stateOffChip: config.get('optimizer_state_offchip'),
    replicatedTensorSharding: config.get('replicated_tensor_sharding') && replicas > 1,
    statePrecision: settings.statePrecision ?? 'float32',
  };
}

function proportions(config: IpuConfig, ipus: number): number[] {
  const value = config.managed('matmul_proportion');
  return typeof value === 'number' ? Array.from({ length: ipus }, () => value) : [...value];
}

function warningsOf(placement: Placement, run: IpuRun): Warning[] {
  const name = run.mode === 'training' ? 'replication_factor' : 'inference_replication_factor';
  // Placement warns of pipelined execution's minimum; whether it applies is decided here.
  const kept = placement.warnings.filter(({ code }) => code !== 'unfilled-pipeline');
  const { ipus } = run.hardware.system;
  const used = run.replicas * run.ipusPerReplica;
  const isSharded = run.execution === 'sharded' && run.stages.length > 1;
  const warning = (isTrue: boolean, code: WarningCode, text: string): Warning[] =>
    isTrue ? [{ code, text }] : [];
  return [
    ...kept,
    ...warning(
      placement.replicas !== run.replicas,
      'other-replicas',
      `${run.replicas} replicas run here; the file's ${name} is ${placement.replicas}.`,
    ),
    ...warning(used < ipus, 'idle-ipus', `${ipus - used} of ${ipus} IPUs stay idle.`),
    ...warning(
      isSharded,
      'sharded-execution',
      'Sharded execution: one stage at a time. Raise inference_device_iterations to pipeline.',
    ),
  ];
}

/** A projection to the vocabulary comes back to the IPU of the word table. */
function placedHead(head: Head): ModelHead | null {
  return modelHead(head) ?? (head === 'causal-lm' ? 'masked-lm' : null);
}
