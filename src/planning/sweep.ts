import { InputError, IpuPipelineError } from '../../ipu-config/base/errors.js';
import type { IpuConfig } from '../../ipu-config/ipu-config.js';
import { checkSettings, configuredRun, type RunSettings } from '../hardware/config-run.js';
import { override, systemByName } from '../hardware/hardware-specs.js';
import { simulateIpus, type IpuSimulation } from '../hardware/simulation.js';

/** One thing to vary: `microBatch=1,2,4`. */
export interface Varied {
  readonly name: string;
  readonly values: readonly string[];
}

export interface SweepRow {
  readonly values: Readonly<Record<string, string>>;
  /** Undefined where this combination cannot run. */
  readonly simulation?: IpuSimulation;
  readonly problem?: string;
}

interface Setup {
  readonly config: IpuConfig;
  readonly settings: RunSettings;
}

type Change = (setup: Setup, text: string, name: string) => Setup;

const setting =
  (field: 'microBatch' | 'sequenceLength' | 'replicas' | 'sequencesPerRow'): Change =>
  ({ config, settings }, text, name) => ({
    config,
    settings: { ...settings, [field]: field === 'sequencesPerRow' ? number(text, name) : whole(text, name) },
  });

const attribute =
  (training: string, inference: string, parse: (text: string, name: string) => unknown): Change =>
  ({ config, settings }, text, name) => {
    const changed = config.clone();
    changed.set(settings.mode === 'training' ? training : inference, parse(text, name));
    return { config: changed, settings };
  };

const CHANGES: Readonly<Record<string, Change>> = {
  microBatch: setting('microBatch'),
  sequenceLength: setting('sequenceLength'),
  replicas: setting('replicas'),
  sequencesPerRow: setting('sequencesPerRow'),
  gradientAccumulation: attribute('gradient_accumulation_steps', 'gradient_accumulation_steps', whole),
  deviceIterations: attribute('device_iterations', 'inference_device_iterations', whole),
  matmulProportion: attribute('matmul_proportion', 'inference_matmul_proportion', number),
  recomputeEveryLayer: attribute(
    'recompute_checkpoint_every_layer',
    'recompute_checkpoint_every_layer',
    flag,
  ),
  optimizerStateOffchip: attribute('optimizer_state_offchip', 'optimizer_state_offchip', flag),
  system: ({ config, settings }, text) => ({
    config,
    settings: { ...settings, hardware: systemByName(text) },
  }),
};

/**
 * Simulates every combination of the varied values, the last one changing fastest. A combination that cannot run has
 * its reason in place of a result.
 * @throws InputError for a name that cannot be varied, or a value that is none
 */
export function sweepConfig(config: IpuConfig, settings: RunSettings, varied: readonly Varied[]): SweepRow[] {
  for (const { name, values } of varied) {
    // Mistakes end it before the first run.
    for (const value of values) {
      const { config: file, settings: run } = change({ config, settings }, name, value);
      checkSettings(file, { ...run, names: { ...run.names, [name]: name } });
    }
  }
  return combinations(varied).map((values) => {
    try {
      const setup = Object.entries(values).reduce<Setup>(
        (before, [name, value]) => change(before, name, value),
        { config, settings },
      );
      const { run, warnings } = configuredRun(setup.config, setup.settings);
      return { values, simulation: simulateIpus(run, { warnings }) };
    } catch (error) {
      if (error instanceof IpuPipelineError) return { values, problem: error.message };
      throw error;
    }
  });
}

function change(setup: Setup, name: string, value: string): Setup {
  if (/^(chip|system)\./.test(name)) {
    const hardware = override(setup.settings.hardware, { [name]: number(value, name) });
    return { ...setup, settings: { ...setup.settings, hardware } };
  }
  const apply = CHANGES[name];
  if (apply) return apply(setup, value, name);
  throw new InputError(
    `${name} cannot be varied; give ${Object.keys(CHANGES).join(', ')}, or a figure such as chip.ampEfficiency.`,
  );
}

function combinations(varied: readonly Varied[]): Record<string, string>[] {
  return varied.reduce<Record<string, string>[]>(
    (rows, { name, values }) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
    [{}],
  );
}

function whole(text: string, name: string): number {
  const value = number(text, name);
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw new InputError(`${name} cannot be ${text}; give whole numbers from 1.`);
}

function number(text: string, name: string): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isFinite(value) && value >= 0) return value;
  throw new InputError(`${name} cannot be ${text}; give a number from 0.`);
}

function flag(text: string, name: string): boolean {
  if (text === 'true' || text === 'false') return text === 'true';
  throw new InputError(`${name} cannot be ${text}; give true or false.`);
}
