import type { Warning } from '../../../ipu-config/base/warning.js';
import { InvalidArgumentError, Option, type Command } from 'commander';
import { MODES, type Mode } from '../../../ipu-config/attributes.js';
import type { RunSettings } from '../../hardware/config-run.js';
import { SYSTEM_NAMES, systemByName, type HardwareOverrides } from '../../hardware/hardware-specs.js';
import { headOption } from './head-option.js';
import { HEADS, type Head } from '../../hardware/model-shape.js';
import type { FieldNames } from '../../hardware/ranges.js';
import { OPTIMIZERS, type Optimizer, type Precision, type StashPrecision } from '../../hardware/run-spec.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { IpuConfig } from '../../../ipu-config/ipu-config.js';
import { readConfigSource } from './config-source.js';
import { finiteNumber, wholeNumber } from './options.js';
import { readModelShape } from './read-model-shape.js';

/** Flags of every command that simulates IPUs. */
export interface IpuFlags {
  readonly config: string;
  readonly model: string;
  readonly system: string;
  readonly mode: Mode;
  readonly head?: Head;
  readonly seqLen: number;
  readonly microBatch: number;
  readonly replicas?: number;
  readonly gradientAccumulation?: number;
  readonly deviceIterations?: number;
  readonly execution?: 'pipelined' | 'sharded';
  readonly schedule?: string;
  readonly chunks?: number;
  readonly sequencesPerRow: number;
  readonly optimizer: Optimizer['name'];
  readonly statePrecision: Precision;
  readonly precision: Precision;
  readonly stashPrecision?: StashPrecision;
  readonly pod?: string;
  readonly set: HardwareOverrides;
}

/** How errors call what these flags set. */
const FLAG_NAMES: FieldNames = {
  sequenceLength: '--seq-len',
  microBatch: '--micro-batch',
  sequencesPerRow: '--sequences-per-row',
};

/** `--set chip.ampEfficiency=0.4`, again and again. */
function setFigure(text: string, previous: HardwareOverrides): HardwareOverrides {
  const [path, value, ...rest] = text.split('=');
  if (!path || value === undefined || rest.length > 0) {
    throw new InvalidArgumentError('It must look like chip.ampEfficiency=0.4.');
  }
  return { ...previous, [path]: finiteNumber(value) };
}

function setOption(): Option {
  return new Option('--set <figure=value>', 'another figure for chip or system; may be given again')
    .default({}, 'none')
    .argParser<HardwareOverrides>((text, previous) => setFigure(text, previous));
}

export function addIpuFlags(command: Command): Command {
  return command
    .option(
      '--config <file>',
      'an ipu_config.json, a directory that holds one, or a preset',
      'bert-large-ipu',
    )
    .option(
      '--model <model>',
      'a published size (bert-large, gpt2-medium, …), a Hugging Face directory, or its config.json',
      'bert-large',
    )
    .option('--system <system>', `${SYSTEM_NAMES.join(', ')}; or a file of \`ipu-pipeline profile\``, 'pod16')
    .addOption(
      new Option('--mode <mode>', 'which half of the configuration').choices(MODES).default('training'),
    )
    .addOption(headOption("what sits on the model (default: the model's own)", HEADS))
    .option('--seq-len <n>', 'tokens in a row', wholeNumber(1), 384)
    .option('--micro-batch <n>', 'rows in a micro-batch', wholeNumber(1), 1)
    .option('--replicas <n>', 'copies of the pipeline (default: as many as fit)', wholeNumber(1))
    .option('--gradient-accumulation <n>', "instead of the file's", wholeNumber(1))
    .option('--device-iterations <n>', "instead of the file's for the mode", wholeNumber(1))
    .addOption(
      new Option('--execution <how>', 'one stage at a time, or all (default: what fits)').choices([
        'pipelined',
        'sharded',
      ]),
    )
    .option(
      '--schedule <name>',
      "another order than PopART's lockstep cycles, each IPU going on as soon as it can: 1f1b, zbv, …",
    )
    .option('--chunks <n>', 'stages on each IPU, for schedules that loop', wholeNumber(1))
    .option('--sequences-per-row <x>', 'packed sequences', finiteNumber, 1)
    .addOption(new Option('--optimizer <name>', 'in training').choices(OPTIMIZERS).default('adam'))
    .addOption(
      new Option('--state-precision <p>', 'of optimizer moments')
        .choices(['float16', 'float32'])
        .default('float32'),
    )
    .addOption(
      new Option('--precision <p>', 'of weights and compute')
        .choices(['float16', 'float32'])
        .default('float16'),
    )
    .addOption(
      new Option('--stash-precision <p>', 'of stashed activations (default: as the rest)').choices([
        'float8',
        'float16',
        'float32',
      ]),
    )
    .option('--pod <type>', 'which value of dictionaries in older files, such as pod16')
    .addOption(setOption());
}

export interface ReadFlags {
  readonly config: IpuConfig;
  readonly settings: RunSettings;
  readonly warnings: readonly Warning[];
}

/** Reads what the flags name. @throws InputError, ConfigError */
export async function readFlags(flags: IpuFlags): Promise<ReadFlags> {
  const loaded = await readConfigSource(flags.config, flags.pod === undefined ? {} : { pod: flags.pod });
  const settings: RunSettings = {
    model: await readModelShape(flags.model, flags.head),
    hardware: systemByName(flags.system, flags.set),
    mode: flags.mode,
    sequenceLength: flags.seqLen,
    microBatch: flags.microBatch,
    sequencesPerRow: flags.sequencesPerRow,
    optimizer: flags.optimizer,
    statePrecision: flags.statePrecision,
    precision: flags.precision,
    names: FLAG_NAMES,
    ...(flags.replicas === undefined ? {} : { replicas: flags.replicas }),
    ...(flags.stashPrecision === undefined ? {} : { stashPrecision: flags.stashPrecision }),
    ...(flags.execution === undefined ? {} : { execution: flags.execution }),
    ...scheduleOfFlags(flags),
  };
  return { config: withAccumulation(loaded.config, flags), settings, warnings: loaded.warnings };
}

function scheduleOfFlags({ schedule, chunks }: IpuFlags): Pick<RunSettings, 'schedule'> {
  if (schedule !== undefined)
    return { schedule: { name: schedule, ...(chunks === undefined ? {} : { chunks }) } };
  if (chunks === undefined) return {};
  throw new InputError('--chunks is for schedules that loop: give --schedule interleaved-1f1b too, say.');
}

function withAccumulation(config: IpuConfig, flags: IpuFlags): IpuConfig {
  if (flags.gradientAccumulation !== undefined) {
    config.set('gradient_accumulation_steps', flags.gradientAccumulation);
  }
  if (flags.deviceIterations !== undefined) {
    const name = flags.mode === 'training' ? 'device_iterations' : 'inference_device_iterations';
    config.set(name, flags.deviceIterations);
  }
  return config;
}
