import pc from 'picocolors';
import type { ConfigPlan } from '../../planning/plan-config.js';
import type { IpuSimulation } from '../../hardware/simulation.js';
import { figure, milliseconds, percent } from '../../../ipu-config/base/format.js';
import { fullestShare } from '../data/words.js';
import { plainTable, warningLines } from './plain-table.js';

/** A plan as text: before and after side by side, then the stages. */
export function planText(plan: ConfigPlan, written: string | undefined): string {
  const { before, beforeProblem, after, refused } = plan;
  return [
    pc.bold(`best split: [${plan.layersPerIpu.join(', ')}] layers on ${plan.ipusPerReplica} IPUs`),
    plan.exact
      ? `The best of all ${plan.searched}: ${plan.evaluated} of them had to be simulated for that.`
      : `The best of ${plan.evaluated} that were simulated, of all ${plan.searched}; there were too many to prove that none is better.`,
    '',
    comparison(before, after),
    ...(beforeProblem === undefined ? [] : [`The configuration as it is cannot run: ${beforeProblem}`]),
    ...stageLines(after),
    after.calibration.text,
    ...refused.map(({ ipusPerReplica, reason }) => pc.dim(`not ${ipusPerReplica} IPUs: ${reason}`)),
    ...warningLines(plan.warnings),
    ...(written === undefined ? [] : [`written to ${written}`]),
  ].join('\n');
}

/** An IPU lists its stages in the order of the pipeline. */
function stageLines({ run, ipus }: IpuSimulation): string[] {
  const names = ipus.map(({ stages }) => stages.values());
  return run.stages.map(({ ipu }, j) => `stage ${j} on IPU ${ipu}: ${names[ipu]!.next().value}`);
}

function comparison(before: IpuSimulation | undefined, after: IpuSimulation): string {
  const table = plainTable([
    '',
    'layers',
    'sequences/s',
    'step',
    'bubble',
    'fullest IPU',
    'fits',
    'throughput',
  ]);
  if (before) table.push(['before', ...columns(before), '']);
  table.push(['after', ...columns(after), before ? gain(before, after) : '']);
  return table.toString();
}

function columns(simulation: IpuSimulation): string[] {
  const { run, rates, memory, bubbleShare, fits } = simulation;
  const layers = Array.from({ length: run.ipusPerReplica }, (_, ipu) =>
    run.stages.reduce((sum, s) => sum + (s.ipu === ipu ? (s.attention + s.feedForward) / 2 : 0), 0),
  );
  return [
    layers.join(', '),
    figure(rates.sequencesPerSecond),
    milliseconds(rates.stepSeconds * 1e3),
    percent(bubbleShare),
    percent(fullestShare(memory)),
    fits ? 'yes' : 'no',
  ];
}

function gain(before: IpuSimulation, after: IpuSimulation): string {
  return `${figure(after.rates.sequencesPerSecond / before.rates.sequencesPerSecond)} ×`;
}
