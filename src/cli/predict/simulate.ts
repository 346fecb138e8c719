import { Command } from 'commander';
import { InputError } from '../../../ipu-config/base/errors.js';
import { parseJson } from '../../../ipu-config/parse-json.js';
import { fromPython } from '../../../ipu-config/python-value.js';
import { fitPoints, leaveOneOut } from '../../planning/calibrate.js';
import { adviceFor } from '../../planning/memory-advice.js';
import { comparePoints } from '../../hardware/predict.js';
import { parsePoints } from '../../planning/points.js';
import type { IpuRun } from '../../hardware/run-spec.js';
import { simulateIpus, type IpuSimulation } from '../../hardware/simulation.js';
import type { HardwareOverrides } from '../../hardware/hardware-specs.js';
import { adviceText } from '../../report/text/advice-text.js';
import { writeReport } from '../../report/html/html-report.js';
import { fitText, pointsTable } from '../../report/text/points-table.js';
import {
  configurationData,
  describeRun,
  simulatedTimeline,
  simulationData,
} from '../../report/data/simulation-data.js';
import { simulationTable } from '../../report/text/simulation-table.js';
import { TimelineCollector } from '../../observe/timeline-collector.js';
import { timelinesData } from '../../report/data/timeline-data.js';
import type { RunDescription } from '../../observe/run-description.js';
import { TraceWriter } from '../../observe/files/trace-writer.js';
import type { Span } from '../../../pipeline/schedule/span.js';
import type { BertStage } from '../../models/bert/stage-plan.js';
import { machineText } from '../../report/text/machine-text.js';
import { readText } from '../flags/config-source.js';
import { isMachineFile, predictOnMachine, readMachine } from './on-machine.js';
import { addIpuFlags, runOfFlags, type IpuFlags } from '../flags/ipu-flags.js';

interface SimulateFlags extends IpuFlags {
  readonly points?: string;
  readonly fit?: string;
  readonly json?: boolean;
  readonly trace?: string;
  readonly html?: string;
}

/** `ipu-pipeline simulate`: what a configuration would do on IPUs. */
export function simulateCommand(): Command {
  return addIpuFlags(new Command('simulate'))
    .description('predict what an ipu_config.json would do on IPUs: throughput, time and memory of each')
    .option('--points <file>', 'predict measured runs instead, and print the error of each')
    .option(
      '--fit <figures>',
      'with --points: fit these figures (chip.ampEfficiency,…) and leave each point out in turn',
    )
    .option('--trace <file>', 'write one weight update or call for Perfetto or chrome://tracing')
    .option('--html <file>', 'write a page with the timeline, time and memory of each IPU')
    .option('--json', 'print one JSON object')
    .action(async (flags: SimulateFlags, command: Command) => {
      if (flags.fit !== undefined && flags.points === undefined) {
        throw new InputError('--fit needs measured runs: give --points FILE too.');
      }
      for (const name of ['trace', 'html'] as const) {
        if (flags[name] !== undefined && flags.points !== undefined) {
          throw new InputError(`--${name} is of one run; leave it or --points out.`);
        }
      }
      const text = await textFor(flags, command);
      command.configureOutput().writeOut?.(`${text}\n`);
    });
}

async function textFor(flags: SimulateFlags, command: Command): Promise<string> {
  if (flags.points !== undefined) return points(flags, flags.points);
  return (await isMachineFile(flags.system)) ? simulateMachine(flags, command) : simulate(flags);
}

async function simulateMachine(flags: SimulateFlags, command: Command): Promise<string> {
  const read = await readMachine(flags, command);
  const wantsSpans = flags.trace !== undefined || flags.html !== undefined;
  const spans: Span[] = [];
  const prediction = predictOnMachine(read, flags, wantsSpans ? (span) => spans.push(span) : undefined);
  const warnings = [...read.warnings, ...prediction.warnings];
  const run = machineRun(read.model.name, prediction.stages);
  if (flags.trace !== undefined) writeSpans(flags.trace, run, spans);
  if (flags.html !== undefined) {
    const collector = new TimelineCollector(run);
    for (const span of spans) collector.add(span);
    const title = `${read.model.name} on ${read.machine.machine.cpu}`;
    await writeReport(flags.html, await timelinesData({ title, warnings }, [await collector.timeline()]));
  }
  if (flags.json) return JSON.stringify({ ...prediction, warnings });
  for (const warning of read.warnings) process.stderr.write(`warning: ${warning}\n`);
  return machineText(read.machine, prediction, prediction.stages);
}

function machineRun(name: string, stages: readonly BertStage[]): RunDescription {
  const stageToRank = stages.map(({ ipu }) => ipu);
  return { name, kind: 'simulated', stages: stages.map((stage) => stage.name), stageToRank };
}

function writeSpans(file: string, run: RunDescription, spans: readonly Span[]): void {
  const writer = new TraceWriter(file);
  try {
    writer.beginRun(run);
    for (const span of spans) writer.add(span);
  } finally {
    writer.close();
  }
}

async function simulate(flags: SimulateFlags): Promise<string> {
  const { run, warnings, config } = await runOfFlags(flags);
  const simulation = simulated(run, warnings, flags.trace);
  const advice = simulation.fits ? [] : adviceFor(run);
  if (flags.html !== undefined) {
    const timelines = [await simulatedTimeline(run)];
    const configuration = configurationData(flags.config, config);
    await writeReport(flags.html, simulationData(simulation, { timelines, configuration, advice }));
  }
  if (flags.json) return JSON.stringify({ ...simulation, ...(simulation.fits ? {} : { advice }) });
  return [simulationTable(simulation), ...(simulation.fits ? [] : ['', adviceText(advice)])].join('\n');
}

function simulated(run: IpuRun, warnings: readonly string[], trace: string | undefined): IpuSimulation {
  if (trace === undefined) return simulateIpus(run, { warnings });
  const writer = new TraceWriter(trace);
  try {
    writer.beginRun(describeRun(run));
    return simulateIpus(run, { warnings, onSpan: (span) => writer.add(span) });
  } finally {
    writer.close();
  }
}

async function points(flags: SimulateFlags, file: string): Promise<string> {
  const value = fromPython(parseJson(await readText(file), file).value);
  if (flags.fit === undefined) {
    const comparison = comparePoints(parsePoints(value, flags.set));
    return flags.json ? JSON.stringify(comparison) : pointsTable(comparison);
  }
  const figures = flags.fit.split(',').map((name) => name.trim());
  const parse = (overrides: HardwareOverrides): ReturnType<typeof parsePoints> =>
    parsePoints(value, { ...flags.set, ...overrides });
  const fit = fitPoints(parse, figures);
  const crossValidated = leaveOneOut(parse, figures);
  const comparison = comparePoints(parse(fit));
  if (flags.json) return JSON.stringify({ fit, ...comparison, leaveOneOut: crossValidated });
  return [pointsTable(comparison), '', fitText(fit, crossValidated)].join('\n');
}
