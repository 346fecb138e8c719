import type { Warning } from '../../ipu-config/base/warning.js';
import { InputError } from '../../ipu-config/base/errors.js';
import type { Schedule, ScheduleGenerator } from '../schedule/schedule.js';
import type { Span } from '../schedule/span.js';
import type { StageSpec } from './rank/stage.js';

export interface PipelineOptions {
  /** In the order of the pipeline. Stages with the same `ipu` share its one thread. */
  readonly stages: readonly StageSpec[];
  /** Upper bound of one micro-batch's input tensors together, in bytes: the capacity of the slots to stage 0. */
  readonly inputBytes: number;
  /**
   * Order of actions of one call, made for these stages or given whole; fill–drain when absent. Backward actions need
   * stages that have a backward.
   */
  readonly schedule?: ScheduleGenerator | Schedule | undefined;
  /** m: micro-batches of one call and one replica; when absent those of a schedule that is given whole, or 1. */
  readonly deviceIterations?: number | undefined;
  /** Copies of the whole pipeline that share the stream; 1 when absent. */
  readonly replicas?: number | undefined;
  /** 2 when absent. Memory for activations = replicas × slotsPerLink × (inputBytes + Σ outputBytes), about. */
  readonly slotsPerLink?: number | undefined;
  /** True (when absent): a thread for each IPU and replica. False: everything in the caller's thread. */
  readonly threads?: boolean | undefined;
  /** Bound on loading all stages; 5 minutes when absent. */
  readonly startTimeoutMs?: number | undefined;
  /** Bound on one action; 5 minutes when absent. */
  readonly actionTimeoutMs?: number | undefined;
  /** Bound on what still runs when the pipeline ends, and on ending its threads; 5 seconds when absent. */
  readonly closeTimeoutMs?: number | undefined;
  /** Ends the pipeline at once; `start` and `run` reject with its reason. */
  readonly signal?: AbortSignal | undefined;
  /** Spans of each run, in order of time for each rank. Free when absent. */
  readonly onSpan?: ((span: Span) => void) | undefined;
  /** Share of a stage's weights that is loaded, 0 … 1. */
  readonly onProgress?: ((stage: number, fraction: number, replica: number) => void) | undefined;
  readonly onWarning?: ((warning: Warning) => void) | undefined;
}

const DEFAULTS = {
  deviceIterations: 1,
  replicas: 1,
  slotsPerLink: 2,
  startTimeoutMs: 300_000,
  actionTimeoutMs: 300_000,
  closeTimeoutMs: 5_000,
} as const;
type Count = keyof typeof DEFAULTS;

export type CheckedOptions = Omit<PipelineOptions, Count | 'threads'> &
  Readonly<Record<Count, number>> & { readonly threads: boolean };

/** The longest time that a timer of Node takes. */
const MAX_TIMEOUT_MS = 2 ** 31 - 1;

/** @throws InputError */
export function checkOptions(options: PipelineOptions): CheckedOptions {
  const given: Partial<Record<string, number>> =
    typeof options.schedule === 'object' ? { deviceIterations: options.schedule.microBatches } : {};
  const counts = Object.fromEntries(
    Object.entries(DEFAULTS).map(([name, preset]) => {
      const value = options[name as Count] ?? given[name] ?? preset;
      whole(name, value, 1, name.endsWith('TimeoutMs') ? MAX_TIMEOUT_MS : 2 ** 31 - 1);
      return [name, value];
    }),
  ) as Record<Count, number>;
  if (options.stages.length === 0) {
    throw new InputError('stages is empty: a pipeline needs at least one stage');
  }
  whole('inputBytes', options.inputBytes, 0);
  options.stages.forEach((stage, j) => checkStage(j, stage));
  return { ...options, ...counts, threads: options.threads ?? true };
}

function checkStage(j: number, { name, ipu, module, outputBytes }: StageSpec): void {
  const where = `stages[${j}] (${name})`;
  whole(`${where}.ipu`, ipu, 0, 4095);
  whole(`${where}.outputBytes`, outputBytes, 0);
  if (typeof module !== 'string' || !URL.canParse(module)) {
    throw new InputError(`${where}.module is ${JSON.stringify(module)}; give the URL of a module`);
  }
}

function whole(name: string, value: unknown, least: number, most = Number.MAX_SAFE_INTEGER): void {
  if (!Number.isSafeInteger(value) || (value as number) < least || (value as number) > most) {
    const range = most === Number.MAX_SAFE_INTEGER ? `≥ ${least}` : `from ${least} to ${most}`;
    throw new InputError(`${name} is ${String(value)}; give a whole number ${range}`);
  }
}
