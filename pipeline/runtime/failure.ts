import { StageFailedError, type StageFailure } from '../schedule/errors.js';
import type { Action } from '../schedule/action.js';
import { FORWARD, OP_TABLE } from '../schedule/op-table.js';
import type { Replica } from './links/replica.js';
import type { StageSpec } from './rank/stage.js';

/** What a stage's thread was doing; `idle` is between two actions or two runs. */
export type StageActivity = 'starting' | 'running' | 'idle' | 'stopping';

export interface StageTrouble {
  readonly replica: number;
  readonly stage: number;
  /** What it was at; the micro-batch by the replica's own number. */
  readonly action: Action | undefined;
  readonly activity: StageActivity;
  /** `threw: …`, `did not answer within …`: completes `stage 1 (…)`. */
  readonly what: string;
  readonly cause?: unknown;
}

/** The error that names the stage, where it sits, what it did, and what else was under way. */
export function stageFailed(
  trouble: StageTrouble,
  specs: readonly StageSpec[],
  all: readonly Replica[],
): StageFailedError {
  const { replica, stage, action, activity, what, cause } = trouble;
  const replicas = all.length;
  const spec = specs[stage];
  const own = action === undefined || action.microBatch < 0 ? undefined : action.microBatch;
  const microBatch = own === undefined ? undefined : own * replicas + replica;
  const failure: StageFailure = {
    replica,
    stage,
    stageName: spec?.name ?? '',
    ipu: spec?.ipu ?? -1,
    ...(spec?.layers === undefined ? {} : { layers: spec.layers }),
    ...(microBatch === undefined ? {} : { microBatch }),
    ...(action === undefined ? {} : { op: action.op }),
    state: activity,
    inFlight: inFlight(all),
  };
  return new StageFailedError(
    message(failure, what, replicas),
    failure,
    cause === undefined ? {} : { cause },
  );
}

function message(failure: StageFailure, what: string, replicas: number): string {
  const { stage, stageName, ipu, layers } = failure;
  const place = [`IPU ${ipu}`];
  if (layers !== undefined) place.push(layersText(layers));
  if (replicas > 1) place.push(`replica ${failure.replica}`);
  const flight =
    failure.inFlight.length === 0 ? 'nothing in flight' : `in flight: ${failure.inFlight.join(', ')}`;
  return `stage ${stage}, ${stageName} (${place.join(', ')}), ${what}, while ${doing(failure)}; ${flight}`;
}

/** `running micro-batch 2`; ops other than the forward are named: `running B (backward) of micro-batch 2`. */
function doing({ state, op, microBatch }: StageFailure): string {
  const number = microBatch === undefined ? '' : ` micro-batch ${microBatch}`;
  if (op === undefined || op === FORWARD) return state + number;
  return `${state} ${op} (${OP_TABLE[op].words})${number === '' ? '' : ` of${number}`}`;
}

function layersText([first, end]: readonly [number, number]): string {
  if (end <= first) return 'no layers';
  return end - first === 1 ? `layer ${first}` : `layers ${first}–${end - 1}`;
}

/** Micro-batches that were given to stage 0 and whose result is not there yet, by their number in the run. */
function inFlight(replicas: readonly Replica[]): number[] {
  const all = replicas.flatMap((replica, r) =>
    replica.links
      .filter((link) => link !== replica.output)
      .flatMap((link) => link.microBatches())
      .map((microBatch) => microBatch * replicas.length + r),
  );
  return [...new Set(all)].sort((a, b) => a - b);
}
