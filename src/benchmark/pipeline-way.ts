import type { Warning } from '../../ipu-config/base/warning.js';
import { InputError } from '../../ipu-config/base/errors.js';
import type { IpuConfig } from '../../ipu-config/ipu-config.js';
import type { Schedule, ScheduleGenerator } from '../../pipeline/schedule/schedule.js';
import { placeModel } from '../models/families/families.js';
import { type Placement, type PlacedStage } from '../models/placement.js';
import { planStages, type PlannedStage } from '../models/families/stage-plan.js';
import type { BertModel } from '../runs/model.js';

/** A model on the stages of a pipeline, and what they do in a call. */
export interface PipelineWay {
  readonly stages: readonly PlannedStage[];
  readonly schedule: ScheduleGenerator | Schedule;
  /** m: micro-batches of one call. */
  readonly deviceIterations: number;
  readonly replicas: number;
  readonly warnings: readonly Warning[];
}

/**
 * Cuts a model as its configuration says. A schedule that is given whole says itself how many stages there are, which
 * rank each sits on, and how many micro-batches a call has: the configuration's split is then used where it has as
 * many stages, or else layers are dealt evenly; its IPUs and device iterations are not used.
 * @param config in inference mode
 * @throws ConfigError, InputError when the model cannot be cut so
 */
export function pipelineWay(
  model: BertModel,
  config: IpuConfig,
  schedule: ScheduleGenerator | Schedule,
): PipelineWay {
  const placement = placeModel(config, model.config, { head: model.head, mode: 'inference' });
  const { replicas } = placement;
  const deviceIterations = config.get('inference_device_iterations');
  if (typeof schedule === 'function') {
    const stages = planStages(model.config, placement);
    return { stages, schedule, deviceIterations, replicas, warnings: placement.warnings };
  }
  const fits = placement.stages.length === schedule.stages;
  const placed = fits ? placement.stages : evenStages(schedule, placement);
  const stages = planStages(model.config, {
    ...placement,
    stages: placed.map((stage, j) => ({ ...stage, ipu: schedule.stageToRank[j] ?? 0 })),
  });
  const calls =
    `${schedule.name} has calls of ${schedule.microBatches} micro-batches: inference_device_iterations=` +
    `${deviceIterations} is not used.`;
  const warnings: Warning[] = [
    ...(fits ? [] : [evenWarning(schedule, placement)]),
    ...placeWarnings(schedule, placement, fits),
    ...(deviceIterations === schedule.microBatches
      ? []
      : [{ code: 'other-call-size' as const, text: calls }]),
  ];
  return { stages, schedule, deviceIterations: schedule.microBatches, replicas, warnings };
}

/** The layers dealt evenly; the embedding before the first of them, the head after the last. */
function evenStages({ name, stages }: Schedule, { layers, stages: placed }: Placement): PlacedStage[] {
  if (stages > layers) {
    throw new InputError(
      `${name} has ${stages} stages, and the model has ${layers} layers: give a schedule of at most ${layers} stages, ` +
        `or a model with more layers.`,
    );
  }
  const from = (j: number): number => Math.floor((j * layers) / stages);
  const last = placed.at(-1);
  return Array.from({ length: stages }, (_, stage) => ({
    stage,
    ipu: stage,
    embedding: stage === 0,
    layers: [from(stage), from(stage + 1)] as const,
    pooler: stage === stages - 1 && placed.some(({ pooler }) => pooler),
    head: stage === stages - 1 ? (last?.head ?? null) : null,
  }));
}

function evenWarning({ name, stages }: Schedule, { stages: placed, layers }: Placement): Warning {
  const text =
    `${name} has ${stages} stages and the configuration's split ${placed.length}: the split is not used, the ` +
    `${layers} layers are dealt evenly to the ${stages} stages.`;
  return { code: 'other-split', text };
}

function placeWarnings({ name, stageToRank }: Schedule, { stages }: Placement, fits: boolean): Warning[] {
  const ipus = stages.map(({ ipu }) => ipu);
  if (!fits || ipus.join() === stageToRank.join()) return [];
  const text = `${name} has its stages on ranks ${stageToRank.join(', ')}: the configuration's IPUs ${ipus.join(', ')} are not used.`;
  return [{ code: 'other-placement', text }];
}
