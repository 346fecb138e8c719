import { configuredRun } from '../../../hardware/config-run.js';
import type { IpuRun } from '../../../hardware/run-spec.js';
import { describeRun, simulateIpus, type IpuSimulation } from '../../../hardware/simulation.js';
import type { RunDescription } from '../../../observe/run-description.js';
import { SpanTableBuilder, type SpanTable } from '../../../observe/span-table.js';
import { settingsOf, type Setup } from './setup.js';

/** What a setup gives. */
export interface Outcome {
  readonly run: IpuRun;
  readonly simulation: IpuSimulation;
  /** Layers on each IPU. */
  readonly layers: readonly number[];
  readonly description: RunDescription;
  readonly table: SpanTable;
  /** When the last micro-batch is through: the weight update that follows has little to see. */
  readonly pipelineNs: number;
  /** The table ends before the run does. */
  readonly isCut: boolean;
}

/** A picture of more is neither quick nor legible; figures are those of the whole run all the same. */
const MOST_SPANS = 20_000;

/** Simulates a setup. @throws IpuPipelineError that says why it cannot run */
export function outcomeOf(setup: Setup): Outcome {
  const { run, warnings } = configuredRun(setup.config, settingsOf(setup));
  const builder = new SpanTableBuilder();
  let [left, pipelineNs] = [0, 0];
  const simulation = simulateIpus(run, {
    warnings: [...setup.warnings, ...warnings],
    onSpan: (span) => {
      if (span.kind === 'action' && span.endNs > pipelineNs) pipelineNs = span.endNs;
      if (builder.count < MOST_SPANS) builder.add(span);
      else left++;
    },
  });
  const isCut = left > 0;
  const table = builder.table(isCut ? builder.completeNs : Infinity);
  const layers = layersOf(run);
  return { run, simulation, layers, description: describeRun(run), table, pipelineNs, isCut };
}

function layersOf({ stages, ipusPerReplica }: IpuRun): number[] {
  const layers = Array.from({ length: ipusPerReplica }, () => 0);
  for (const { ipu, attention } of stages) layers[ipu]! += attention;
  return layers;
}
