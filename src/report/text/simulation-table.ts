import pc from 'picocolors';
import type { MemoryCategory } from '../../hardware/memory.js';
import type { IpuSimulation } from '../../hardware/simulation.js';
import { bytes, figure, milliseconds, percent } from '../../../ipu-config/base/format.js';
import { plainTable, warningLines } from './plain-table.js';
import { fullestIpu, fullestShare, orderName } from '../data/words.js';

/** A simulation as text for a terminal: what it gives, then time and memory of each IPU. */
export function simulationTable(simulation: IpuSimulation): string {
  return [
    heading(simulation),
    '',
    ...summary(simulation),
    '',
    pc.bold('Time of each IPU'),
    timeTable(simulation),
    '',
    pc.bold('Memory of each IPU'),
    memoryTable(simulation),
    ...warningLines(simulation.warnings),
  ].join('\n');
}

function heading({ run }: IpuSimulation): string {
  const { model, hardware, mode, replicas, ipusPerReplica, sequenceLength, microBatch } = run;
  const depth =
    mode === 'training'
      ? `gradient accumulation ${run.gradientAccumulation}`
      : `device iterations ${run.deviceIterations}`;
  return [
    pc.bold(`${model.name} (${model.head}), ${mode} on ${hardware.system.name}, ${orderName(run)}`),
    pc.dim(
      `${replicas} × ${ipusPerReplica} IPUs ${hardware.chip.name}, sequence ${sequenceLength}, micro-batch ${microBatch}, ${depth}, recompute ${run.recompute}`,
    ),
  ].join('\n');
}

function summary(simulation: IpuSimulation): string[] {
  const { rates, run } = simulation;
  const training = run.mode === 'training';
  const packed = run.sequencesPerRow === 1 ? '' : ` (${figure(rates.rowsPerSecond)} rows/s)`;
  const worst = fullestIpu(simulation.memory);
  const part = percent(fullestShare(simulation.memory));
  return [
    `throughput    ${figure(rates.sequencesPerSecond)} sequences/s${packed}`,
    training
      ? `weight update ${milliseconds(rates.stepSeconds * 1e3)}`
      : `latency       ${milliseconds(simulation.latencyMs)} a micro-batch, ${milliseconds(rates.stepSeconds * 1e3)} a call`,
    ...(simulation.cycles === undefined
      ? []
      : [
          `cycles        ${simulation.cycles}, ${milliseconds(simulation.steadyCycleMs!)} each once the pipeline is full`,
        ]),
    `bubble        ${percent(simulation.bubbleShare)} of IPU time from the first micro-batch to the last`,
    `utilisation   ${percent(simulation.utilisation)} of peak`,
    `memory        ${simulation.fits ? pc.green('fits') : pc.red('does not fit')}: IPU ${worst.ipu} needs ${bytes(worst.totalBytes)}, ${part} of ${bytes(worst.limitBytes)}`,
    `bound by      ${simulation.boundBy}`,
    `accuracy      ${simulation.calibration.text}`,
  ];
}

/** What all IPUs do together has one line; the rest a column each. */
function timeTable({ ipus }: IpuSimulation): string {
  const names = [...new Set(ipus.flatMap(({ seconds }) => Object.keys(seconds)))];
  const show = (value: number | undefined): string => (value ? milliseconds(value * 1e3) : '–');
  const isCommon = (name: string): boolean => new Set(ipus.map(({ seconds }) => seconds[name])).size === 1;
  const own = names.filter((name) => ipus.length === 1 || !isCommon(name));
  const table = plainTable(['IPU', 'holds', 'busy', ...own]);
  for (const { ipu, stages, seconds, busyShare } of ipus) {
    const times = own.map((name) => show(seconds[name]));
    table.push([`${ipu}`, stages.join(' + ') || 'nothing', percent(busyShare), ...times]);
  }
  const common = names
    .filter((name) => !own.includes(name))
    .map((name) => `${name} ${show(ipus[0]?.seconds[name])}`);
  return [table.toString(), ...(common.length > 0 ? [`all IPUs together: ${common.join(', ')}`] : [])].join(
    '\n',
  );
}

function memoryTable({ memory }: IpuSimulation): string {
  const categories = Object.keys(memory[0]!.bytes) as MemoryCategory[];
  const shown = categories.filter((category) => memory.some((ipu) => ipu.bytes[category] > 0));
  const offChip = memory.some((ipu) => ipu.offChipBytes > 0);
  const table = plainTable(['IPU', 'in all', 'of limit', ...shown, ...(offChip ? ['off chip'] : [])]);
  for (const ipu of memory) {
    const share = percent(ipu.totalBytes / ipu.limitBytes);
    table.push([
      `${ipu.ipu}`,
      bytes(ipu.totalBytes),
      ipu.fits ? share : pc.red(share),
      ...shown.map((category) => bytes(Math.round(ipu.bytes[category]))),
      ...(offChip ? [bytes(Math.round(ipu.offChipBytes))] : []),
    ]);
  }
  return table.toString();
}
