import { IpuPipelineError } from '../../../ipu-config/base/errors.js';
import { bytes, percent } from '../../../ipu-config/base/format.js';
import { configuredRun } from '../../hardware/config-run.js';
import type { IpuRun } from '../../hardware/run-spec.js';
import { describeRun, simulateIpus, type IpuSimulation } from '../../hardware/simulation.js';
import type { RunDescription } from '../../observe/run-description.js';
import { SpanTableBuilder, type SpanTable } from '../../observe/span-table.js';
import { TIMELINE_SPANS } from '../../observe/timeline-collector.js';
import { settingsOf, type Setup } from './setup.js';

/** What a setup gives. */
export interface Outcome {
  readonly run: IpuRun;
  readonly simulation: IpuSimulation;
  /** Layers on each IPU. */
  readonly layers: readonly number[];
  readonly description: RunDescription;
  /** A row for each IPU, as the board has them. */
  readonly table: SpanTable;
  /** The table ends before the run does. */
  readonly isCut: boolean;
}

/** Simulates a setup. @throws IpuPipelineError that says why it cannot run */
export function outcomeOf(setup: Setup): Outcome {
  const { run, warnings } = configuredRun(setup.config, settingsOf(setup));
  const builder = new SpanTableBuilder();
  let left = 0;
  const simulation = simulateIpus(run, {
    warnings: [...setup.warnings, ...warnings],
    onSpan: (span) => {
      if (builder.count < TIMELINE_SPANS) builder.add(span);
      else left++;
    },
  });
  const isCut = left > 0;
  const table = withEveryIpu(builder.table(isCut ? builder.completeNs : Infinity), run.ipusPerReplica);
  return { run, simulation, layers: layersOf(run), description: describeRun(run), table, isCut };
}

/** @returns what is made, or the sentence that says why it cannot be had */
export function attempted<T extends object>(make: () => T): T | string {
  try {
    return make();
  } catch (error) {
    if (error instanceof IpuPipelineError) return error.message;
    throw error;
  }
}

/** Why a run that can be simulated cannot run all the same; undefined where it fits. */
export function memoryProblem({ fits, memory }: IpuSimulation): string | undefined {
  if (fits) return undefined;
  const full = memory.filter((one) => !one.fits);
  const [first] = full;
  const others = full.length === 1 ? '' : `; ${full.length} of ${memory.length} IPUs are too full`;
  return (
    `It does not fit: IPU ${first!.ipu} needs ${bytes(first!.totalBytes)} of its ${bytes(first!.limitBytes)} ` +
    `(${percent(first!.totalBytes / first!.limitBytes)})${others}.`
  );
}

/** An IPU that holds nothing has no spans, but a row all the same. */
function withEveryIpu({ kinds, rows }: SpanTable, ipus: number): SpanTable {
  if (rows.length === ipus) return { kinds, rows };
  const row = (rank: number): SpanTable['rows'][number] => ({
    ...{ replica: 0, rank, startNs: new Float64Array(), endNs: new Float64Array() },
    ...{ kind: new Uint8Array(), stage: new Int32Array(), microBatch: new Int32Array() },
  });
  const all = Array.from({ length: ipus }, (_, ipu) => rows.find(({ rank }) => rank === ipu) ?? row(ipu));
  return { kinds, rows: all };
}

function layersOf({ stages, ipusPerReplica }: IpuRun): number[] {
  const layers = Array.from({ length: ipusPerReplica }, () => 0);
  for (const { ipu, attention } of stages) layers[ipu]! += attention;
  return layers;
}
