import pc from 'picocolors';
import type { PlannedStage } from '../../models/families/stage-plan.js';
import type { MachineProfile } from '../../machine/machine-profile.js';
import type { RuntimePrediction } from '../../machine/predict-runtime.js';
import { figure, milliseconds, percent } from '../../../ipu-config/base/format.js';
import { plainTable, warningLines } from './plain-table.js';

/** What the runtime is predicted to do on a profiled machine. */
export function machineText(
  machine: MachineProfile,
  prediction: RuntimePrediction,
  stages: readonly PlannedStage[],
): string {
  const table = plainTable(['stage', 'holds', 'IPU', 'time alone']);
  stages.forEach(({ name, ipu }, j) => {
    table.push([`${j}`, name, `${ipu}`, milliseconds(prediction.stageMs[j] ?? NaN)]);
  });
  const { p50, p99 } = prediction.latencyMs;
  return [
    pc.bold(`the runtime on ${machine.machine.cpu}, ${machine.machine.cores} cores`),
    `throughput    ${figure(prediction.sequencesPerSecond)} sequences/s`,
    `latency       p50 ${milliseconds(p50)}, p99 ${milliseconds(p99)}`,
    `bubble        ${percent(prediction.bubbleShare)}`,
    `bound by      ${prediction.boundBy}`,
    table.toString(),
    ...warningLines(prediction.warnings),
  ].join('\n');
}
