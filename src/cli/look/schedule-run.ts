import { Option, type Command } from 'commander';
import { InputError } from '../../../ipu-config/base/errors.js';
import { readText } from '../../../ipu-config/base/files/read-text.js';
import { isCompute } from '../../../pipeline/schedule/op-table.js';
import type { Exchange } from '../../../pipeline/simulate/exchange.js';
import { lower } from '../../../pipeline/schedule/lower.js';
import { costsInNs } from '../../../pipeline/simulate/op-costs.js';
import { peakActivations, type PeakActivations } from '../../../pipeline/schedule/peak-activations.js';
import { parseCsv } from '../../../pipeline/schedule/schedule-csv.js';
import type { Schedule } from '../../../pipeline/schedule/schedule.js';
import { namedSchedule } from '../../../pipeline/schedules/registry.js';
import { simulate, type Simulation, type SimulationOptions } from '../../../pipeline/simulate/simulate.js';
import { runOfSchedule, type RunDescription } from '../../observe/run-description.js';
import { costTable, DEFAULT_COSTS, type CostTable } from './op-costs.js';
import { finiteNumber, wholeNumber } from '../flags/options.js';
import { OutputOption } from '../flags/outputs.js';

/** What a schedule is simulated with. */
export interface SimulationFlags {
  readonly costs?: CostTable;
  readonly activationBytes?: number;
  readonly linkGbPerS?: number;
  readonly linkLatencyNs?: number;
  readonly stashBytes?: number;
}

export interface ScheduleFlags extends SimulationFlags {
  readonly stages?: number;
  readonly microBatches?: number;
  readonly chunks?: number;
  readonly lower?: boolean;
}

export interface ScheduleRun {
  readonly schedule: Schedule;
  /** Makespan when every action of a stage takes one unit, an overlapped pair too, and transfers none. */
  readonly steps: number;
  /** With the costs that were given; else one unit for each action. */
  readonly simulation: Simulation;
  readonly costs: CostTable | undefined;
  readonly peaks: PeakActivations;
  /** What a stage keeps of a micro-batch, as a share of what a rank keeps; 1 when absent. */
  readonly stashShare?: number;
}

export function addSimulationOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--costs <costs>',
        'what actions cost, like F=1,B=2,W=1 or F=1.2ms,B=2.5ms; B = I + W gives the one that is missing',
      ).argParser(costTable),
    )
    .option(
      '--activation-bytes <n>',
      'bytes that a stage hands to the next, for transfers that take time',
      wholeNumber(0),
    )
    .option(
      '--link-gb-per-s <x>',
      'bandwidth between two ranks, each way, in GB/s (10^9 bytes)',
      finiteNumber,
    )
    .option('--link-latency-ns <n>', 'latency of a transfer in ns', wholeNumber(0))
    .option(
      '--stash-bytes <n>',
      'bytes that one micro-batch leaves behind at a stage until its backward',
      wholeNumber(0),
    );
}

export function addOutputOptions(command: Command): Command {
  return command
    .addOption(new OutputOption('--trace <file>', 'write a trace for Perfetto or chrome://tracing'))
    .addOption(new OutputOption('--html <file>', 'write a page with the timeline'));
}

/**
 * What the spans of a simulated schedule belong to: time where costs are times, else steps.
 * @param share of a rank's work that a stage has, where schedules with as many ranks are compared
 */
export function spansOfSchedule(
  schedule: Schedule,
  { costs, stashBytes }: SimulationFlags,
  share = 1,
): RunDescription {
  const stash =
    stashBytes === undefined
      ? { size: share, unit: 'micro-batches' as const }
      : { size: stashBytes, unit: 'bytes' as const };
  const run = runOfSchedule(schedule, costs?.isTime ? {} : { nsPerStep: costs?.nsPerUnit ?? 1 });
  return { ...run, stash };
}

/** The schedule that a command works on. @throws InputError, ScheduleError */
export async function scheduleFor(source: string, flags: ScheduleFlags): Promise<Schedule> {
  const read = await readSchedule(source, flags);
  return flags.lower ? lower(read) : read;
}

/**
 * @param spans its `onSpan` is told what every rank does and why it waits; times are as in `costs`: nanoseconds when they are
 *   times, else `nsPerUnit` to a unit, or 1 to a unit without costs
 * @throws InputError, ScheduleError
 */
export function simulateSchedule(
  schedule: Schedule,
  flags: SimulationFlags,
  spans: Pick<SimulationOptions, 'onSpan'> = {},
): ScheduleRun {
  const { costs } = flags;
  const unit = {
    costNs: (_: number, op: Parameters<typeof isCompute>[0]) => (isCompute(op) ? 1 : 0),
    overlapNs: () => 1,
  };
  const exchange = exchangeOf(flags);
  const oneEach = simulate(schedule, { ...unit, ...(costs ? {} : spans) });
  const simulation = costs
    ? simulate(schedule, {
        ...costsInNs(costs.costs, costs.nsPerUnit),
        ...(exchange ? { exchange } : {}),
        ...spans,
      })
    : oneEach;
  const peaks = peakActivations(schedule, flags.stashBytes);
  return { schedule, steps: oneEach.makespanNs, simulation, costs, peaks };
}

/** Costs of a comparison: schedules with and without halves of the backward are on a par only with some. */
export function withDefaultCosts<T extends SimulationFlags>(flags: T): T & { readonly costs: CostTable } {
  return { ...flags, costs: flags.costs ?? DEFAULT_COSTS };
}

function exchangeOf({
  costs,
  activationBytes,
  linkGbPerS,
  linkLatencyNs,
}: SimulationFlags): Exchange | undefined {
  if (activationBytes === undefined && linkGbPerS === undefined && linkLatencyNs === undefined)
    return undefined;
  if (!costs?.isTime) {
    throw new InputError(
      'transfers take time in nanoseconds: give --costs with a unit of time too, like F=1.2ms,B=2.5ms.',
    );
  }
  if ((activationBytes === undefined) !== (linkGbPerS === undefined)) {
    const missing = activationBytes === undefined ? '--activation-bytes' : '--link-gb-per-s';
    throw new InputError(`--activation-bytes and --link-gb-per-s go together: ${missing} is missing.`);
  }
  if (linkGbPerS !== undefined && !(linkGbPerS > 0)) {
    throw new InputError(`--link-gb-per-s is ${linkGbPerS}; give a bandwidth above 0.`);
  }
  return {
    activationBytes: activationBytes ?? 0,
    bytesPerNs: linkGbPerS ?? 1,
    latencyNs: linkLatencyNs ?? 0,
  };
}

export function isFile(source: string): boolean {
  return source.toLowerCase().endsWith('.csv');
}

/** @throws InputError, ScheduleError */
export async function readSchedule(source: string, flags: ScheduleFlags): Promise<Schedule> {
  const { stages, microBatches, chunks } = flags;
  if (!isFile(source)) {
    const { generate } = namedSchedule(source);
    if (stages !== undefined && microBatches !== undefined) {
      return generate({ stages, microBatches, ...(chunks === undefined ? {} : { chunks }) });
    }
    const missing = stages === undefined ? '--stages' : '--micro-batches';
    throw new InputError(`the schedule ${source} needs ${missing}: give --stages N --micro-batches M.`);
  }
  const schedule = parseCsv(source, await readText(source));
  refuseOther('--stages', stages, schedule.stages, source);
  refuseOther('--micro-batches', microBatches, schedule.microBatches, source);
  if (chunks !== undefined) {
    throw new InputError(
      `--chunks is ${chunks}, but ${source} places its stages itself: leave --chunks out.`,
    );
  }
  return schedule;
}

function refuseOther(option: string, given: number | undefined, found: number, source: string): void {
  if (given === undefined || given === found) return;
  throw new InputError(
    `${option} is ${given}, but ${source} has ${found}: leave ${option} out, a file says it itself.`,
  );
}
