import type { Warning } from '../../../ipu-config/base/warning.js';
import pc from 'picocolors';
import { stageName, type Placement } from '../../models/placement.js';
import { bareTable } from '../../report/text/plain-table.js';
import { describeConfig } from '../../../ipu-config/describe-config.js';
import type { IpuConfig } from '../../../ipu-config/ipu-config.js';

/** What `config show` prints for people: placement, attributes, warnings. */
export function formatConfig(config: IpuConfig, placement: Placement, warnings: readonly Warning[]): string {
  const parts = [
    summary(placement),
    stageTable(placement),
    [minimums(placement), ...inParts(placement), ...recomputation(placement)].join('\n'),
    ...attributeTables(config),
  ];
  const notes = warnings.map(({ text }) => `${pc.yellow('warning:')} ${text}\n`);
  return `${parts.join('\n\n')}\n${notes.length > 0 ? `\n${notes.join('')}` : ''}`;
}

function summary({ mode, layers, ipus, replicas, stages }: Placement): string {
  return pc.bold(
    `${mode}: ${layers} layers in ${count(stages.length, 'stage')} on ${count(ipus, 'IPU')}, ${count(replicas, 'replica')}`,
  );
}

/** One row per forward stage; a bar shows how many layers it holds. */
function stageTable({ stages, mode }: Placement): string {
  const isTraining = mode === 'training';
  const table = bareTable(['stage', 'IPU', 'holds', 'layers', ...(isTraining ? ['backward stage'] : [])]);
  const last = stages.length - 1;
  for (const stage of stages) {
    const held = stage.layers[1] - stage.layers[0];
    const backward =
      stage.stage === last ? `${stage.stage}, with its forward` : String(2 * last - stage.stage);
    table.push([
      String(stage.stage),
      String(stage.ipu),
      stageName(stage),
      `${'▪'.repeat(Math.min(held, 24))}${held > 0 ? ' ' : ''}${held}`,
      ...(isTraining ? [backward] : []),
    ]);
  }
  return table.toString();
}

function minimums({ stages, trainingStages, mode }: Placement): string {
  if (mode === 'training') {
    return (
      `Training runs ${count(trainingStages, 'stage')}: ${stages.length} forward, ${stages.length - 1} backward.` +
      ` Pipelined, it needs gradient_accumulation_steps of at least ${trainingStages}.`
    );
  }
  return `Pipelined, it needs inference_device_iterations of at least ${stages.length}; sharded, it has no minimum.`;
}

function inParts({ serialized }: Placement): readonly string[] {
  return serialized === null ? [] : [`${serialized.module} is computed in ${serialized.parts} parts.`];
}

function recomputation({ mode, checkpoints }: Placement): readonly string[] {
  if (mode === 'inference' || checkpoints.length === 0) return [];
  return [
    `Recomputation starts from the output of ${count(checkpoints.length, 'layer')}: 0–${checkpoints.at(-1)}.`,
  ];
}

/** One table per use, so that what matters here comes first. */
function attributeTables(config: IpuConfig): readonly string[] {
  const rows = describeConfig(config);
  const uses = [...new Set(rows.map(({ use }) => use))].sort((a, b) => rank(a) - rank(b));
  return uses.map((use) => {
    const table = bareTable(['attribute', 'value', 'from', '']);
    for (const { name, value, source, note } of rows.filter((row) => row.use === use)) {
      table.push([name, jsonText(value), source, pc.dim(note)]);
    }
    return `${pc.bold(pc.underline(use))}\n${table.toString()}`;
  });
}

/** With spaces in lists, so that they can be broken into lines. */
function jsonText(value: unknown): string {
  if (!Array.isArray(value)) return JSON.stringify(value);
  return `[${value.map((each) => JSON.stringify(each)).join(', ')}]`;
}

function rank(use: string): number {
  return ['used', 'simulator', 'not'].findIndex((start) => use.startsWith(start));
}

function count(n: number, noun: string): string {
  return `${n} ${noun}${n === 1 ? '' : 's'}`;
}
