import { sayWarnings } from '../flags/say-warnings.js';
import { Command } from 'commander';
import { InputError } from '../../../ipu-config/base/errors.js';
import { fitPoints, leaveOneOut, type PointsWith } from '../../planning/calibrate.js';
import { adviceFor } from '../../planning/memory-advice.js';
import { ratesOnOneIpu } from '../../hardware/predict.js';
import { comparePoints } from '../../planning/compare-points.js';
import { loadPoints } from '../../planning/points.js';
import { describeRun, simulateIpus } from '../../hardware/simulation.js';
import { adviceText } from '../../report/text/advice-text.js';
import { fitText, pointsTable } from '../../report/text/points-table.js';
import { configurationData, simulationData } from '../../report/data/simulation-data.js';
import { simulationTable } from '../../report/text/simulation-table.js';
import { timelinesData } from '../../report/data/timeline-data.js';
import { machineText } from '../../report/text/machine-text.js';
import { isFile, readText } from '../../../ipu-config/base/files/read-text.js';
import { predictOnMachine, readMachine, stagesOnMachine } from './on-machine.js';
import { addIpuFlags, type IpuFlags } from '../flags/ipu-flags.js';
import { configuredRun } from '../../hardware/config-run.js';
import { packingWorth } from '../../planning/packing/pack-rows.js';
import { packingLines } from '../../report/text/packing-text.js';
import { addPackingFlags, readPackedFlags, refusePacking, type PackingFlags } from './packing-flags.js';
import { ProgressBars, type Progress } from '../flags/progress.js';
import type { HardwareOverrides } from '../../hardware/hardware-specs.js';
import { OutputOption } from '../flags/outputs.js';
import { SpanOutputs, type SpanOutputFlags } from '../flags/span-outputs.js';

interface SimulateFlags extends IpuFlags, PackingFlags, SpanOutputFlags {
  readonly points?: string;
  readonly fit?: string;
  readonly json?: boolean;
}

/** `ipu-pipeline simulate`: what a configuration would do on IPUs. */
export function simulateCommand(): Command {
  return addPackingFlags(addIpuFlags(new Command('simulate')))
    .description('predict what an ipu_config.json would do on IPUs: throughput, time and memory of each')
    .option('--points <file>', 'predict measured runs instead, and print the error of each')
    .option(
      '--fit <figures>',
      'with --points: fit these figures (chip.ampEfficiency,…) and leave each point out in turn',
    )
    .addOption(
      new OutputOption('--trace <file>', 'write one weight update or call for Perfetto or chrome://tracing'),
    )
    .addOption(
      new OutputOption('--html <file>', 'write a page with the timeline, time and memory of each IPU'),
    )
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
      if (flags.points !== undefined) refusePacking(flags, '--points');
      const text = await textFor(flags, command);
      command.configureOutput().writeOut?.(`${text}\n`);
    });
}

async function textFor(flags: SimulateFlags, command: Command): Promise<string> {
  if (flags.points !== undefined) return points(flags, flags.points);
  return (await isFile(flags.system)) ? simulateMachine(flags, command) : simulate(flags);
}

async function simulateMachine(flags: SimulateFlags, command: Command): Promise<string> {
  refusePacking(flags, `--system ${flags.system}`);
  const read = await readMachine(flags, command);
  const stages = stagesOnMachine(read);
  const { name } = read.model;
  const outputs = new SpanOutputs(flags);
  try {
    const spans = outputs.begin({
      ...{ name, kind: 'simulated', stages: stages.map((stage) => stage.name) },
      stageToRank: stages.map(({ ipu }) => ipu),
    });
    const prediction = predictOnMachine(read, stages, flags, spans);
    const warnings = [...read.warnings, ...prediction.warnings];
    const title = `${name} on ${read.machine.machine.cpu}`;
    await outputs.writePage((timelines) => timelinesData({ title, warnings }, timelines));
    if (flags.json) return JSON.stringify({ ...prediction, stages, warnings });
    sayWarnings(read.warnings);
    return machineText(read.machine, prediction, stages);
  } finally {
    outputs.close();
  }
}

async function simulate(flags: SimulateFlags): Promise<string> {
  const { config, settings, packing, warnings: said } = await readPackedFlags(flags);
  const { run, warnings: found } = configuredRun(config, settings);
  const warnings = [...said, ...found];
  const outputs = new SpanOutputs(flags);
  try {
    const simulation = simulateIpus(run, { warnings, ...outputs.begin(describeRun(run)) });
    const worth = packing && packingWorth(packing, simulation.rates);
    const advice = simulation.fits ? [] : adviceFor(simulation);
    await outputs.writePage((timelines) => {
      const configuration = configurationData(flags.config, config);
      const summary = worth ? packingLines(worth) : [];
      const oneIpu = ratesOnOneIpu(run);
      return simulationData(simulation, { timelines, oneIpu, configuration, advice, summary });
    });
    if (flags.json) {
      return JSON.stringify({
        ...simulation,
        ...(worth ? { packing: worth } : {}),
        ...(simulation.fits ? {} : { advice }),
      });
    }
    return [
      simulationTable(simulation),
      ...(worth ? ['', ...packingLines(worth)] : []),
      ...(simulation.fits ? [] : ['', adviceText(advice)]),
    ].join('\n');
  } finally {
    outputs.close();
  }
}

async function points(flags: SimulateFlags, file: string): Promise<string> {
  const { points: load, problems } = loadPoints(await readText(file), file);
  const left = problems.length === 0 ? {} : { problems };
  if (!flags.json) for (const problem of problems) process.stderr.write(`left out: ${problem}\n`);
  if (flags.fit === undefined) {
    const comparison = comparePoints(load(flags.set));
    return flags.json ? JSON.stringify({ ...comparison, ...left }) : pointsTable(comparison);
  }
  const figures = flags.fit.split(',').map((name) => name.trim());
  const parse: PointsWith = (overrides) => load({ ...flags.set, ...overrides });
  const fit = fitWithBar(parse, figures);
  const crossValidated = leaveOneOut(parse, fit);
  const comparison = comparePoints(parse(fit));
  if (flags.json) return JSON.stringify({ fit, ...comparison, leaveOneOut: crossValidated, ...left });
  return [pointsTable(comparison), '', fitText(fit, crossValidated)].join('\n');
}

function fitWithBar(points: PointsWith, figures: readonly string[]): HardwareOverrides {
  const bars = new ProgressBars();
  let bar: Progress | undefined;
  try {
    return fitPoints(points, figures, (done, most) => {
      bar ??= bars.start(`Fitting ${figures.join(', ')}`, most, 'predictions');
      bar.update(done);
    });
  } finally {
    bar?.stop();
    bars.stop();
  }
}
