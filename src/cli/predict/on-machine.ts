import type { Warning } from '../../../ipu-config/base/warning.js';
import type { Command } from 'commander';
import { placeModel } from '../../models/families/families.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import { IpuConfig } from '../../../ipu-config/ipu-config.js';
import type { ScheduleGenerator } from '../../../pipeline/schedule/schedule.js';
import { namedSchedule, SCHEDULE_NAMES } from '../../../pipeline/schedules/registry.js';
import { checkSequenceLength } from '../../runs/bert-pipeline.js';
import type { BertModel } from '../../runs/model.js';
import { planStages, type PlannedStage } from '../../models/families/stage-plan.js';
import { PUBLISHED_MODELS } from '../../hardware/published-models.js';
import { loadProfile } from '../../machine/load-profile.js';
import type { MachineProfile } from '../../machine/machine-profile.js';
import { predictRuntime, type RuntimePrediction, type RuntimeRun } from '../../machine/predict-runtime.js';
import { readText } from '../../../ipu-config/base/files/read-text.js';
import { readConfigSource } from '../flags/config-source.js';
import { abortOnInterrupt, endOnInterrupt } from '../flags/ending.js';
import type { IpuFlags } from '../flags/ipu-flags.js';
import { openModelWithBar } from '../flags/open-model.js';

/** `--system FILE`: a machine that `ipu-pipeline profile` measured, and what is to run on it. */
export interface OnMachine {
  readonly machine: MachineProfile;
  readonly model: BertModel;
  readonly config: IpuConfig;
  readonly warnings: readonly Warning[];
}

/** @throws InputError when a flag is given that this machine cannot heed; as reading profile, model and configuration */
export async function readMachine(flags: IpuFlags, command: Command): Promise<OnMachine> {
  const machine = loadProfile(await readText(flags.system), flags.system);
  if (flags.mode === 'training' && command.getOptionValueSource('mode') === 'cli') {
    throw new InputError(`--mode training is for IPUs; ${flags.system} is a machine that runs inference.`);
  }
  if (Object.keys(flags.set).length > 0) {
    throw new InputError(`--set is for IPUs; the figures of ${flags.system} stand in that file.`);
  }
  if (flags.chunks !== undefined) {
    throw new InputError(`--chunks is for IPUs; on ${flags.system} each thread has one stage.`);
  }
  const name = PUBLISHED_MODELS.includes(flags.model) ? `synthetic:${flags.model}` : flags.model;
  const model = await openModelWithBar(name, abortOnInterrupt());
  endOnInterrupt();
  checkSequenceLength(model, flags.seqLen, '--seq-len');
  const { config, warnings } = await readConfigSource(
    flags.config,
    flags.pod === undefined ? {} : { pod: flags.pod },
  );
  config.eval();
  if (flags.deviceIterations !== undefined) config.set('inference_device_iterations', flags.deviceIterations);
  return { machine, model, config, warnings };
}

/** @throws InputError for a name that is no schedule of inference */
function runnable(name: string): ScheduleGenerator {
  const { generate, isTraining } = namedSchedule(name);
  if (!isTraining) return generate;
  throw new InputError(
    `${name} is a schedule of training, which this machine does not do; give one of ${SCHEDULE_NAMES.join(', ')}.`,
  );
}

export function stagesOnMachine({ model, config }: OnMachine): readonly PlannedStage[] {
  return planStages(model.config, placeModel(config, model.config, { head: model.head, mode: 'inference' }));
}

/** What the runtime would do with the configuration on the machine. @param spans its `onSpan` is told each span */
export function predictOnMachine(
  { machine, model, config }: OnMachine,
  stages: readonly PlannedStage[],
  flags: IpuFlags,
  spans: Pick<RuntimeRun, 'onSpan'> = {},
): RuntimePrediction {
  const replicas = flags.replicas ?? config.get('inference_replication_factor');
  return predictRuntime(machine, {
    model: model.config,
    stages,
    sequenceLength: flags.seqLen,
    microBatch: flags.microBatch,
    microBatches: 8 * stages.length * replicas,
    ...(flags.schedule === undefined ? {} : { schedule: runnable(flags.schedule) }),
    deviceIterations: config.get('inference_device_iterations'),
    replicas,
    ...spans,
  });
}
