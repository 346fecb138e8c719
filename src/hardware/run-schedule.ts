import { InputError } from '../../ipu-config/base/errors.js';
import { fillDrain } from '../../pipeline/schedules/fill-drain.js';
import { stageRanks } from '../../pipeline/schedules/placement.js';
import { popartSchedule } from '../../pipeline/schedules/popart.js';
import { namedSchedule } from '../../pipeline/schedules/registry.js';
import { sequential } from '../../pipeline/schedules/sequential.js';
import type { Schedule } from '../../pipeline/schedule/schedule.js';
import { shareRanks } from '../../pipeline/schedule/share-ranks.js';
import type { IpuRun, IpuStage, ScheduleChoice } from './run-spec.js';

/** Micro-batches of one weight update, or of one inference call. */
function microBatchesOf(run: Pick<IpuRun, 'mode' | 'gradientAccumulation' | 'deviceIterations'>): number {
  return run.mode === 'training' ? run.gradientAccumulation : run.deviceIterations;
}

/**
 * The order of one weight update's or one inference call's actions, by IPU.
 * @throws InputError, ConfigError when the schedule cannot have so many stages or micro-batches
 */
export function scheduleOf(run: IpuRun): Schedule {
  const stages = run.stages.length;
  const owner = run.stages.map(({ ipu }) => ipu);
  const microBatches = microBatchesOf(run);
  if (run.schedule) return chosen(run.schedule, owner, { stages, microBatches });
  const training = run.mode === 'training';
  if (run.execution === 'sharded' && !training) {
    return sequential({ stages, microBatches, stageToRank: owner });
  }
  const schedule = training
    ? popartSchedule({ forwardStages: stages, depth: microBatches, training })
    : fillDrain({ stages, microBatches });
  return shareRanks(schedule, owner);
}

function chosen(
  { name, chunks }: ScheduleChoice,
  owner: readonly number[],
  size: { readonly stages: number; readonly microBatches: number },
): Schedule {
  const { generate, layout } = namedSchedule(name);
  if (layout !== 'line') return generate({ ...size, ...(chunks === undefined ? {} : { chunks }) });
  const schedule = generate(size);
  return owner.every((ipu, stage) => ipu === stage) ? schedule : shareRanks(schedule, owner);
}

/**
 * Stages for another schedule, on the IPUs that have the layers already. Where a schedule has several stages on an
 * IPU, its layers are shared out among them, the embedding goes with the first stage of all and the head with the last.
 * @param stages in a line: one on each IPU, and a head that comes back to one
 * @throws InputError for a name that is no schedule or one of the other mode, or chunks that it cannot have
 */
export function stagesFor(
  { name, chunks }: ScheduleChoice,
  stages: readonly IpuStage[],
  { mode, ipus }: { readonly mode: IpuRun['mode']; readonly ipus: number },
): readonly IpuStage[] {
  const { layout, isTraining } = namedSchedule(name);
  if (isTraining !== (mode === 'training')) {
    throw new InputError(
      `${name} is a schedule of ${isTraining ? 'training' : 'inference'}, but the mode is ${mode}: give another --schedule or --mode.`,
    );
  }
  if (layout === 'line') {
    if (chunks === undefined) return stages;
    throw new InputError(
      `${name} has one stage on each IPU and no chunks: leave --chunks out, or take a schedule that loops (interleaved-1f1b, looped-bfs, interleaved-zb).`,
    );
  }
  const perIpu = chunks ?? 2;
  if (layout === 'v' && perIpu !== 2) {
    throw new InputError(`${name} has two stages on each IPU, not ${perIpu}; leave --chunks out.`);
  }
  const layers = Math.ceil(sum(stages.map(({ attention }) => attention)));
  if (perIpu > Math.max(2, layers)) {
    throw new InputError(
      `${perIpu} chunks on each IPU are more than the ${layers} layers: give fewer (--chunks).`,
    );
  }
  return cutInChunks(stages, stageRanks(layout, ipus, perIpu));
}

function cutInChunks(stages: readonly IpuStage[], owner: readonly number[]): IpuStage[] {
  const last = owner.length - 1;
  const hasHead = stages.some(({ head }) => head);
  return owner.map((ipu, j): IpuStage => {
    const own = stages.filter((stage) => stage.ipu === ipu);
    const places = owner.flatMap((other, at) => (other === ipu ? [at] : []));
    const share = (all: number): number => part(all, places.length, places.indexOf(j));
    return {
      ipu,
      embedding: j === 0,
      attention: share(sum(own.map(({ attention }) => attention))),
      feedForward: share(sum(own.map(({ feedForward }) => feedForward))),
      head: hasHead && j === last,
    };
  });
}

/** Part `at` of `all` in `parts` as even as can be, larger ones first. */
function part(all: number, parts: number, at: number): number {
  return Math.floor(all / parts) + (at < all % parts ? 1 : 0);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
