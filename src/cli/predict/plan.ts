import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { InputError } from '../../../ipu-config/base/errors.js';
import { writeOutput } from '../../../ipu-config/base/files/output-file.js';
import { givenAttributes, planConfig, withSplit, type ConfigPlan } from '../../planning/plan-config.js';
import { planOnProfile } from '../../machine/plan-on-profile.js';
import { figure } from '../../../ipu-config/base/format.js';
import { planText } from '../../report/text/plan-text.js';
import { packingWorth } from '../../planning/packing/pack-rows.js';
import { packingLines } from '../../report/text/packing-text.js';
import { addIpuFlags, type IpuFlags } from '../flags/ipu-flags.js';
import { addPackingFlags, readPackedFlags, refusePacking, type PackingFlags } from './packing-flags.js';
import { isFile } from '../../../ipu-config/base/files/read-text.js';
import { readMachine } from './on-machine.js';
import { finiteNumber } from '../flags/options.js';
import { OutputOption } from '../flags/outputs.js';

interface PlanFlags extends IpuFlags, PackingFlags {
  readonly objective: 'throughput' | 'latency';
  readonly maxLatencyMs?: number;
  readonly halves?: boolean;
  readonly ipusPerReplica?: readonly number[] | 'auto';
  readonly output?: string;
  readonly json?: boolean;
}

const FILE_NAME = 'ipu_config.json';

/** `ipu-pipeline plan`: the best split of the layers. */
export function planCommand(): Command {
  return addPackingFlags(addIpuFlags(new Command('plan')))
    .description('find the best layers_per_ipu under the memory limit, and write a ready ipu_config.json')
    .addOption(
      new Option('--objective <what>', 'what to make best')
        .choices(['throughput', 'latency'])
        .default('throughput'),
    )
    .option('--max-latency-ms <ms>', 'leave out splits with a longer latency (inference)', finiteNumber)
    .option('--halves', 'cut between the halves of a layer too, which layers_per_ipu cannot say')
    .option('--ipus-per-replica <n,…>', 'numbers of IPUs to try, or auto', ipuList)
    .addOption(
      new OutputOption(
        '-o, --output <file>',
        'write the configuration to this file, or into this directory',
        [FILE_NAME],
      ),
    )
    .option('--json', 'print one JSON object')
    .action(async (flags: PlanFlags, command: Command) => {
      if (await isFile(flags.system)) {
        command.configureOutput().writeOut?.(`${await planMachine(flags, command)}\n`);
        return;
      }
      const { config, settings, packing, warnings } = await readPackedFlags(flags);
      const choices = ipuChoices(flags.ipusPerReplica, settings.hardware.system.ipus, settings.model.layers);
      const plan = planConfig(config, settings, {
        objective: flags.objective,
        halves: flags.halves ?? false,
        ...(choices ? { ipusPerReplica: choices } : {}),
        ...(flags.maxLatencyMs === undefined ? {} : { maxLatencyMs: flags.maxLatencyMs }),
      });
      const written =
        flags.output === undefined ? undefined : await writeConfig(plan.attributes, flags.output);
      const all = { ...plan, warnings: [...warnings, ...plan.warnings] };
      const worth = packing && packingWorth(packing, plan.after.rates);
      const text = flags.json
        ? JSON.stringify({ ...all, ...(worth ? { packing: worth } : {}) })
        : [planText(all, written), ...(worth ? ['', ...packingLines(worth)] : [])].join('\n');
      command.configureOutput().writeOut?.(`${text}\n`);
    });
}

/** Threads of this machine: one for each of the file's IPUs. */
async function planMachine(flags: PlanFlags, command: Command): Promise<string> {
  for (const [option, isGiven] of [
    ['--halves', flags.halves],
    ['--objective latency', flags.objective === 'latency'],
    ['--max-latency-ms', flags.maxLatencyMs !== undefined],
  ] as const) {
    if (isGiven) throw new InputError(`${option} is for IPUs; leave it out with a profile of a machine.`);
  }
  refusePacking(flags, `--system ${flags.system}`);
  const read = await readMachine(flags, command);
  const asked = flags.ipusPerReplica;
  if (asked === 'auto' || (asked && asked.length > 1)) {
    throw new InputError('With a profile of a machine give one number to --ipus-per-replica.');
  }
  const stages = asked?.[0] ?? read.config.get('inference_ipus_per_replica');
  const plan = planOnProfile(read.machine, read.model, {
    stages,
    sequenceLength: flags.seqLen,
    microBatch: flags.microBatch,
    deviceIterations: read.config.get('inference_device_iterations'),
  });
  const attributes = givenAttributes(withSplit(read.config, 'inference', stages, plan.layersPerIpu));
  const written = flags.output === undefined ? undefined : await writeConfig(attributes, flags.output);
  if (flags.json) return JSON.stringify({ ...plan, attributes });
  return [
    `best split: [${plan.layersPerIpu.join(', ')}] layers on ${stages} threads, ${figure(plan.prediction.sequencesPerSecond)} sequences/s`,
    plan.exact
      ? `No other split is better by 1 %: ${plan.simulated} had to be simulated for that.`
      : `The best of ${plan.simulated} simulated splits; there were too many to prove that none is better.`,
    `bound by ${plan.prediction.boundBy}`,
    ...(written === undefined ? [] : [`written to ${written}`]),
  ].join('\n');
}

function ipuList(text: string): readonly number[] | 'auto' {
  if (text === 'auto') return text;
  const numbers = text.split(',').map(Number);
  if (numbers.every((n) => Number.isSafeInteger(n) && n >= 1)) return numbers;
  throw new InvalidArgumentError('It must be auto, or whole numbers from 1 such as 2,4,8.');
}

/** Powers of two are what PopTorch reserves. */
function ipuChoices(
  asked: PlanFlags['ipusPerReplica'],
  available: number,
  layers: number,
): readonly number[] | undefined {
  if (asked !== 'auto') return asked;
  const choices: number[] = [];
  for (let ipus = 1; ipus <= Math.min(available, layers + 2); ipus *= 2) choices.push(ipus);
  return choices;
}

async function writeConfig(attributes: ConfigPlan['attributes'], output: string): Promise<string> {
  if (!attributes) {
    throw new InputError(
      'The best split cuts a layer in halves, which ipu_config.json cannot say: leave --halves or --output out.',
    );
  }
  const isDirectory = (await stat(output).catch(() => undefined))?.isDirectory() ?? false;
  const file = isDirectory ? join(output, FILE_NAME) : output;
  const text = `${JSON.stringify(attributes, null, 2)}\n`;
  writeOutput(file, text);
  return file;
}
