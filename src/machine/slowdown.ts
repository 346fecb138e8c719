import type { RunningAction } from '../../pipeline/simulate/shared-cores.js';
import type { ModelProfile } from './machine-profile.js';
import { factorsAt, totalNs, type StageWork } from './stage-work.js';

export interface Sharing {
  readonly cores: number;
  readonly threadsPerStage: number;
}

/** How fast the stages of a run go on beside each other. */
export class Slowdown {
  readonly #profile: ModelProfile;
  readonly #work: readonly StageWork[];
  readonly #sharing: Sharing;
  readonly #speeds = new Map<string, number>();

  constructor(profile: ModelProfile, work: readonly StageWork[], sharing: Sharing) {
    this.#profile = profile;
    this.#work = work;
    this.#sharing = sharing;
  }

  /** 1 is as fast as alone. */
  speed({ stage }: RunningAction, stagesAtOnce: number): number {
    const key = `${stage}:${stagesAtOnce}`;
    const known = this.#speeds.get(key);
    if (known !== undefined) return known;
    const speed = speedOf(this.#profile, this.#work[stage]!, { ...this.#sharing, stagesAtOnce });
    this.#speeds.set(key, speed);
    return speed;
  }
}

/** No work goes faster than this beside so many stages. */
export function fastest(profile: ModelProfile, at: Sharing & { readonly stagesAtOnce: number }): number {
  const only = [
    { weightsNs: 1, computeNs: 0 },
    { weightsNs: 0, computeNs: 1 },
  ];
  return Math.max(...only.map((work) => speedOf(profile, work, at)));
}

function speedOf(
  { contention, timeSharing }: ModelProfile,
  work: StageWork,
  { cores, threadsPerStage, stagesAtOnce }: Sharing & { readonly stagesAtOnce: number },
): number {
  const threads = stagesAtOnce * threadsPerStage;
  // A stage's own threads slow each other down already in the time that they were measured to take.
  const own = factorsAt(contention, Math.min(threadsPerStage, cores));
  const all = factorsAt(contention, Math.min(threads, cores));
  const besideNs =
    work.weightsNs * (all.weightsFactor / own.weightsFactor) +
    work.computeNs * (all.computeFactor / own.computeFactor);
  const speed = besideNs === 0 ? 1 : totalNs(work) / besideNs;
  if (threads <= cores) return speed;
  // A stage alone with more threads than cores was measured so.
  return speed * Math.min(1, Math.max(threadsPerStage, cores) / threads) * timeSharing.efficiency;
}
