import { StageFailedError, type StageFailure } from '../schedule/errors.js';
import type { StageSpec } from './stage.js';
import type { ReplicaMemory } from './links/replica-memory.js';

/** What a stage's thread was doing; `idle` is between two actions or two runs. */
export type StageActivity = 'starting' | 'running' | 'idle' | 'stopping';

export interface StageTrouble {
  readonly replica: number;
  readonly stage: number;
  /** The replica's own number. */
  readonly microBatch: number | undefined;
  readonly activity: StageActivity;
  /** `threw: …`, `did not answer within …`: completes `stage 1 (…)`. */
  readonly what: string;
  readonly cause?: unknown;
}

/** The error that names the stage, where it sits, what it did, and what else was under way. */
export function stageFailed(
  trouble: StageTrouble,
  specs: readonly StageSpec[],
  memories: readonly ReplicaMemory[],
): StageFailedError {
  const { replica, stage, activity, what, cause } = trouble;
  const replicas = memories.length;
  const spec = specs[stage];
  const microBatch = trouble.microBatch === undefined ? undefined : trouble.microBatch * replicas + replica;
  const failure: StageFailure = {
    replica,
    stage,
    stageName: spec?.name ?? '',
    ipu: spec?.ipu ?? -1,
    ...(spec?.layers === undefined ? {} : { layers: spec.layers }),
    ...(microBatch === undefined ? {} : { microBatch }),
    state: activity,
    inFlight: inFlight(memories),
  };
  return new StageFailedError(
    message(failure, what, replicas),
    failure,
    cause === undefined ? {} : { cause },
  );
}

function message(failure: StageFailure, what: string, replicas: number): string {
  const { stage, stageName, ipu, layers, microBatch, state } = failure;
  const place = [`IPU ${ipu}`];
  if (layers !== undefined) place.push(layersText(layers));
  if (replicas > 1) place.push(`replica ${failure.replica}`);
  const doing = microBatch === undefined ? `while ${state}` : `while ${state} micro-batch ${microBatch}`;
  const flight =
    failure.inFlight.length === 0 ? 'nothing in flight' : `in flight: ${failure.inFlight.join(', ')}`;
  return `stage ${stage}, ${stageName} (${place.join(', ')}), ${what}, ${doing}; ${flight}`;
}

function layersText([first, end]: readonly [number, number]): string {
  if (end <= first) return 'no layers';
  return end - first === 1 ? `layer ${first}` : `layers ${first}–${end - 1}`;
}

/** Micro-batches that were given to stage 0 and whose result is not there yet, by their number in the run. */
function inFlight(memories: readonly ReplicaMemory[]): number[] {
  return memories
    .flatMap((memory, replica) =>
      memory.rings
        .slice(0, -1)
        .flatMap((ring) => ring.microBatches())
        .map((microBatch) => microBatch * memories.length + replica),
    )
    .filter((microBatch, position, all) => all.indexOf(microBatch) === position)
    .sort((a, b) => a - b);
}

export function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
