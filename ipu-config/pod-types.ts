import { ConfigError } from './base/errors.js';
import {
  toPython,
  isDict,
  isNumber,
  isTruthy,
  toNumber,
  type PythonDict,
  type PythonValue,
} from './python-value.js';

/** Sizes of machine that configurations before optimum-graphcore 0.7 could give a value for, each. */
export const POD_TYPES = ['pod4', 'pod8', 'pod16', 'pod32', 'pod64'] as const;
export type PodType = (typeof POD_TYPES)[number];

/** A value per pod type: `{"pod4": 1, "pod16": 4, "default": 1}`. */
function isPodDict(value: PythonValue): value is PythonDict {
  return isDict(value) && [...value.keys()].every((key) => key === 'default' || isPodType(key));
}

export function isPodType(name: string): name is PodType {
  return (POD_TYPES as readonly string[]).includes(name);
}

/**
 * The value of an attribute on a pod; null asks for the default.
 * @throws ConfigError when the pod type does not exist, or the dictionary has no value for it
 */
export function valueForPod(name: string, dict: PythonDict, pod: string | null): PythonValue {
  if (pod === null) {
    const value = dict.get('default');
    if (value !== undefined) return value;
    throw new ConfigError(
      'RuntimeError',
      `No POD type was specified and no default value was provided for ${name}, cannot infer which value to use`,
    );
  }
  if (!isPodType(pod)) throw unknownPod(pod);
  const value = dict.get(pod);
  if (value !== undefined) return value;
  throw new ConfigError(
    'KeyError',
    `the ${name} configuration field does not contain a value for POD type ${pod}`,
  );
}

export function unknownPod(pod: string): ConfigError {
  return new ConfigError(
    'ValueError',
    `${pod} is not a correct value for a POD type, supported POD types: ${POD_TYPES.join(', ')}`,
  );
}

/** Attributes and defaults of optimum-graphcore 0.3.2, in its order, which decides which mistake comes first. */
const DEFAULTS_032: Readonly<Record<string, unknown>> = {
  seed: null,
  ipus_per_replica: 1,
  layers_per_ipu: [1],
  replication_factor: 1,
  inference_replication_factor: 1,
  gradient_accumulation_steps: 1,
  device_iterations: 1,
  inference_device_iterations: 1,
  optimizer_state_offchip: true,
  replicated_tensor_sharding: false,
  auto_loss_scaling: false,
  sharded_execution_for_inference: false,
  matmul_proportion: 0.6,
  enable_half_first_order_momentum: false,
  enable_half_partials: false,
  executable_cache_dir: '',
  embedding_serialization_factor: 1,
  recompute_checkpoint_every_layer: false,
  output_mode: 'final',
  execute_encoder_on_cpu_for_generation: false,
};

/**
 * Reads attributes as optimum-graphcore 0.3.2 did and picks those of one pod: unknown keys are ignored, values are
 * not checked, and sharding is off where there is one replica. A dictionary with a key that is no pod type stays.
 * @throws ConfigError as `valueForPod`
 */
export function forPodType(
  given: Readonly<Record<string, unknown>> | PythonDict,
  pod: string | null,
): PythonDict {
  const dict = toPython(given) as PythonDict;
  const values = new Map(
    Object.entries(DEFAULTS_032).map(([name, initial]) => [
      name,
      (dict.has(name) ? dict.get(name) : toPython(initial)) ?? null,
    ]),
  );
  shardOnlyReplicas(values);
  for (const [name, value] of values) {
    if (isPodDict(value)) values.set(name, valueForPod(name, value, pod));
  }
  shardOnlyReplicas(values);
  return values;
}

function shardOnlyReplicas(values: Map<string, PythonValue>): void {
  const replication = values.get('replication_factor') ?? null;
  const isOne = isNumber(replication) && toNumber(replication) === 1;
  if (isOne && isTruthy(values.get('replicated_tensor_sharding') ?? null)) {
    values.set('replicated_tensor_sharding', false);
  }
}
