import { stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { InputError } from '../../ipu-config/errors.js';
import { planConfig, type ConfigPlan } from '../ipu/plan-config.js';
import { planText } from '../report/plan-text.js';
import { addIpuFlags, readFlags, type IpuFlags } from './ipu-flags.js';
import { finiteNumber } from './options.js';

interface PlanFlags extends IpuFlags {
  readonly objective: 'throughput' | 'latency';
  readonly maxLatencyMs?: number;
  readonly halves?: boolean;
  readonly ipusPerReplica?: readonly number[] | 'auto';
  readonly output?: string;
  readonly json?: boolean;
}

/** `ipu-pipeline plan`: the best split of the layers. */
export function planCommand(): Command {
  return addIpuFlags(new Command('plan'))
    .description('find the best layers_per_ipu under the memory limit, and write a ready ipu_config.json')
    .addOption(
      new Option('--objective <what>', 'what to make best')
        .choices(['throughput', 'latency'])
        .default('throughput'),
    )
    .option('--max-latency-ms <ms>', 'leave out splits with a longer latency (inference)', finiteNumber)
    .option('--halves', 'cut between the halves of a layer too, which layers_per_ipu cannot say')
    .option('--ipus-per-replica <n,…>', 'numbers of IPUs to try, or auto', ipuList)
    .option('-o, --output <file>', 'write the configuration to this file, or into this directory')
    .option('--json', 'print one JSON object')
    .action(async (flags: PlanFlags, command: Command) => {
      const { config, settings, warnings } = await readFlags(flags);
      const choices = ipuChoices(flags.ipusPerReplica, settings.hardware.system.ipus, settings.model.layers);
      const plan = planConfig(config, settings, {
        objective: flags.objective,
        halves: flags.halves ?? false,
        ...(choices ? { ipusPerReplica: choices } : {}),
        ...(flags.maxLatencyMs === undefined ? {} : { maxLatencyMs: flags.maxLatencyMs }),
      });
      const written = flags.output === undefined ? undefined : await writeConfig(plan, flags.output);
      const all = { ...plan, warnings: [...warnings, ...plan.warnings] };
      command.configureOutput().writeOut?.(`${flags.json ? JSON.stringify(all) : planText(all, written)}\n`);
    });
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

async function writeConfig({ attributes }: ConfigPlan, output: string): Promise<string> {
  if (!attributes) {
    throw new InputError(
      'The best split cuts a layer in halves, which ipu_config.json cannot say: leave --halves or --output out.',
    );
  }
  const isDirectory = (await stat(output).catch(() => undefined))?.isDirectory() ?? false;
  const file = isDirectory ? join(output, 'ipu_config.json') : output;
  const text = `${JSON.stringify(attributes, null, 2)}\n`;
  await writeFile(file, text).catch((error: unknown) => {
    throw new InputError(
      `cannot write ${file}: ${(error as Error).message}. Give --output a file in a folder that exists.`,
    );
  });
  return file;
}
