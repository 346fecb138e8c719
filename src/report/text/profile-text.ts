import pc from 'picocolors';
import { figure, percent } from '../../../ipu-config/base/format.js';
import { plainTable } from './plain-table.js';
import { QUIET } from '../../machine/other-load.js';
import type { MachineProfile, Measurement, ModelProfile } from '../../machine/machine-profile.js';

/** A profile as text for a terminal. */
export function profileText({ machine, executor, models }: MachineProfile): string {
  return [
    pc.bold(`${machine.cpu}, ${machine.cores} cores, ${executor}`),
    pc.dim(`${machine.platform}, Node ${machine.node}, onnxruntime ${machine.onnxruntime ?? 'absent'}`),
    ...models.flatMap((model) => ['', modelText(model)]),
  ].join('\n');
}

function modelText(model: ModelProfile): string {
  const { action, layer, embedding, head, timeSharing, fit } = model;
  const lines = [
    pc.bold(`${model.name}: one thread, nothing beside it`),
    `a layer      ${micro(layer.weightsNs)} + ${micro(layer.tokenNs)} for each token + ` +
      `${figure(layer.tokenPairNs)} ns for each pair of tokens`,
    `embedding    ${micro(embedding.tokenNs)} for each token`,
    ...(model.headName === null
      ? []
      : [`${model.headName} head: ${micro(head.weightsNs)} + ${micro(head.tokenNs)} for each token`]),
    `an action    ${micro(action.callNs)}, and ${micro(action.dispatchNs)} before it (${micro(action.wakeNs)} after a wait); copies ` +
      (action.copyNsPerByte > 0 ? `${figure(1 / action.copyNsPerByte)} GB/s` : 'too fast to measure'),
    ...model.contention
      .slice(1)
      .map(
        ({ threads, weightsFactor, computeFactor }) =>
          `beside       ${threads} stages at once: ${figure(computeFactor)} × the time, ${figure(weightsFactor)} × for weights`,
      ),
    timeSharing.threads === null
      ? 'sharing      not measured, for lack of memory or because stages never all computed at once'
      : `sharing      ${timeSharing.threads} stages at once: ${percent(timeSharing.efficiency)} of the cores' time is left`,
    ...model.stageThreads
      .slice(1)
      .map(
        ({ threads, computeFactor }) =>
          `threads      ${threads} in one stage: ${figure(computeFactor)} × the time`,
      ),
    '',
    layersTable(model),
    ...(model.otherLoadShare > QUIET
      ? [
          pc.yellow(
            `warning: other processes took ${percent(model.otherLoadShare)} of the cores' time meanwhile: ` +
              'profile again when the machine is quiet.',
          ),
        ]
      : []),
    `The rule is ${percent(fit.meanError)} from these times on average, ${percent(fit.worstError)} at worst.`,
  ];
  return lines.join('\n');
}

function layersTable({ measurements }: ModelProfile): string {
  const table = plainTable([
    'sequence',
    'micro-batch',
    'at once',
    'threads',
    'time of a layer',
    'middle half of samples',
    'samples',
  ]);
  const most = Math.max(...measurements.map(({ layers }) => layers));
  for (const each of measurements) {
    if (each.part !== 'layers' || each.layers !== most) continue;
    table.push([
      ...[each.sequenceLength, each.microBatch, each.stagesAtOnce, each.threadsPerStage].map(String),
      milli(each, each.timeNs),
      `${milli(each, each.quartilesNs[0])} … ${milli(each, each.quartilesNs[1])}`,
      String(each.samples),
    ]);
  }
  return table.toString();
}

function milli({ layers }: Measurement, ns: number): string {
  return `${figure(ns / layers / 1e6)} ms`;
}

function micro(ns: number): string {
  return ns >= 1e6 ? `${figure(ns / 1e6)} ms` : `${figure(ns / 1e3)} µs`;
}
