import type { Warning } from '../../ipu-config/base/warning.js';
import { ATTRIBUTE_NAMES, type AttributeName } from '../../ipu-config/attributes.js';
import { InputError, IpuPipelineError } from '../../ipu-config/base/errors.js';
import { IpuConfig } from '../../ipu-config/ipu-config.js';
import type { JsonValue } from '../../ipu-config/python-value.js';
import { configuredRun, type RunSettings } from '../hardware/config-run.js';
import { planSplit, type Plan, type PlanOptions } from './plan.js';
import { simulateIpus, type IpuSimulation } from '../hardware/simulation.js';

export interface ConfigPlanOptions extends PlanOptions {
  /** IPUs of a replica to try; absent: those of the configuration. */
  readonly ipusPerReplica?: readonly number[];
}

export interface RefusedPlan {
  readonly ipusPerReplica: number;
  readonly reason: string;
}

export interface ConfigPlan extends Plan {
  /** What the configuration gives as it is; undefined where it cannot run, with the reason. */
  readonly before?: IpuSimulation;
  readonly beforeProblem?: string;
  readonly ipusPerReplica: number;
  /** A ready `ipu_config.json`; undefined where halves of one layer are on different IPUs. */
  readonly attributes?: Readonly<Record<string, JsonValue>>;
  readonly warnings: readonly Warning[];
  /** Numbers of IPUs that were tried and do not work. */
  readonly refused: readonly RefusedPlan[];
}

/**
 * The best split that a configuration could name, over the numbers of IPUs that are asked for.
 * @throws InputError when none of them works
 */
export function planConfig(
  config: IpuConfig,
  settings: RunSettings,
  options: ConfigPlanOptions = {},
): ConfigPlan {
  const present = config.get(
    settings.mode === 'training' ? 'ipus_per_replica' : 'inference_ipus_per_replica',
  );
  const choices = options.ipusPerReplica ?? [present];
  const refused: RefusedPlan[] = [];
  let best: Omit<ConfigPlan, 'refused'> | undefined;
  for (const ipusPerReplica of choices) {
    try {
      const candidate = planOver(config, ipusPerReplica, settings, options);
      if (!best || isBetter(candidate, best, options)) best = candidate;
    } catch (error) {
      if (!(error instanceof IpuPipelineError) || choices.length === 1) throw error;
      refused.push({ ipusPerReplica, reason: error.message });
    }
  }
  const tried = choices.length === 1 ? '' : `, tried for ${choices.join(', ')} IPUs of a replica`;
  if (best) {
    return { ...best, searched: `${best.searched}${tried}`, ...simulateBefore(config, settings), refused };
  }
  const reasons = refused.map((one) => `${one.ipusPerReplica} IPUs: ${one.reason}`);
  throw new InputError(`None of ${choices.join(', ')} IPUs for a replica works.\n${reasons.join('\n')}`);
}

function planOver(
  config: IpuConfig,
  ipus: number,
  settings: RunSettings,
  options: PlanOptions,
): Omit<ConfigPlan, 'refused'> {
  const { name, ipus: available } = settings.hardware.system;
  if (ipus > available) {
    throw new InputError(`One replica of ${ipus} IPUs does not fit: ${name} has ${available}.`);
  }
  // The file's own split may not suit the model; the search needs only the IPUs.
  const open = withSplit(config, settings.mode, ipus, new Array<number>(ipus).fill(-1));
  const { run, warnings } = configuredRun(open, settings);
  const plan = planSplit(run, options);
  const whole = plan.layersPerIpu.every((count) => Number.isInteger(count));
  return {
    ...plan,
    ipusPerReplica: ipus,
    warnings,
    ...(whole
      ? { attributes: givenAttributes(withSplit(config, settings.mode, ipus, plan.layersPerIpu)) }
      : {}),
  };
}

function simulateBefore(
  config: IpuConfig,
  settings: RunSettings,
): Pick<ConfigPlan, 'before' | 'beforeProblem'> {
  try {
    return { before: simulateIpus(configuredRun(config, settings).run) };
  } catch (error) {
    if (!(error instanceof IpuPipelineError)) throw error;
    return { beforeProblem: error.message };
  }
}

/**
 * The configuration with another split. A list of proportions for another number of IPUs would be refused: then
 * the mean goes to all.
 */
export function withSplit(
  config: IpuConfig,
  mode: RunSettings['mode'],
  ipus: number,
  layers: readonly number[],
): IpuConfig {
  const prefix = mode === 'training' ? '' : 'inference_';
  const given = givenAttributes(config);
  const proportion = config.get(`${prefix}matmul_proportion`);
  const changed = {
    ...given,
    [`${prefix}layers_per_ipu`]: [...layers],
    [`${prefix}ipus_per_replica`]: ipus,
    ...(typeof proportion === 'number' || proportion.length === ipus
      ? {}
      : { [`${prefix}matmul_proportion`]: mean(proportion) }),
  };
  return new IpuConfig(changed);
}

function mean(values: readonly number[]): number {
  return Number((values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(3));
}

/** What the file says itself, without defaults and fallbacks. */
export function givenAttributes(config: IpuConfig): Record<string, JsonValue> {
  const all = config.toJSON();
  const isGiven = (name: AttributeName): boolean => config.source(name).kind === 'given';
  return Object.fromEntries(ATTRIBUTE_NAMES.filter(isGiven).map((name) => [name, all[name]]));
}

function isBetter(a: Plan, b: Plan, { objective }: PlanOptions): boolean {
  if (objective === 'latency') return a.after.latencyMs < b.after.latencyMs;
  return a.after.rates.sequencesPerSecond > b.after.rates.sequencesPerSecond;
}
