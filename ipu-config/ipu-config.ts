import type { Warning } from './base/warning.js';
import { checkAttribute } from './attribute-checks.js';
import {
  ATTRIBUTE_NAMES,
  ATTRIBUTE_RULES,
  MODES,
  isAttributeName,
  isManagedAttribute,
  type AttributeName,
  type IpuConfigAttributes,
  type ManagedAttribute,
  type Mode,
} from './attributes.js';
import { short } from './base/json-text.js';
import { checkTogether } from './cross-checks.js';
import { ConfigError } from './base/errors.js';
import { listed, quoted, str } from './python-repr.js';
import {
  toPython,
  isInt,
  isList,
  isTruthy,
  fromPython,
  typeName,
  type JsonValue,
  type PythonDict,
  type PythonValue,
} from './python-value.js';
import { TRANSFORMERS_KEYS } from './transformers-keys.js';

/** Where the value of an attribute comes from: the file, the default, or another attribute (by its name). */
export type AttributeSource =
  | { readonly kind: 'given' }
  | { readonly kind: 'default' }
  | { readonly kind: 'fallback'; readonly of: AttributeName };

const DEPRECATED: Readonly<Record<string, string>> = {
  sharded_execution_for_inference:
    'The "sharded_execution_for_inference" parameter is deprecated, sharded execution is always used during inference',
  enable_half_first_order_momentum: 'The "enable_half_first_order_momentum" parameter is deprecated',
};

const UNUSED_SHARDING: Warning = {
  code: 'unused-attribute',
  text: '`replicated_tensor_sharding` is not used when `replication_factor=1`',
};

/**
 * An `ipu_config.json` as the newest optimum-graphcore understands it: every attribute has a value, given,
 * defaulted, or fallen back on another one. Strict: unknown keys and pod dictionaries are errors;
 * `loadIpuConfig` is the lenient way in.
 */
export class IpuConfig {
  /** What upstream would warn of while it reads the same values. */
  readonly warnings: readonly Warning[];
  #mode: Mode = 'training';
  readonly #values = new Map<AttributeName, PythonValue>();
  readonly #sources = new Map<AttributeName, AttributeSource>();

  /**
   * @param given attributes by the names of the file; what is missing gets its default
   * @throws ConfigError with upstream's type and words, at the first mistake in upstream's order of checks
   */
  constructor(given: Readonly<Record<string, unknown>> | PythonDict = {}) {
    const dict = toPython(given) as PythonDict;
    const deprecated = Object.keys(DEPRECATED).filter((key) => isTruthy(dict.get(key) ?? null));
    this.#fill(dict);
    refuseUnknown(dict);
    const sharding = this.get('replicated_tensor_sharding') && this.get('replication_factor') === 1;
    for (const factor of checkTogether(this)) this.#put(factor, 1, { kind: 'default' });
    this.warnings = [
      ...deprecated.map((key): Warning => ({ code: 'deprecated-attribute', text: DEPRECATED[key] ?? key })),
      ...(sharding ? [UNUSED_SHARDING] : []),
    ];
  }

  get mode(): Mode {
    return this.#mode;
  }

  /** @throws ConfigError for anything but `training` and `inference` */
  set mode(mode: string) {
    if (!(MODES as readonly string[]).includes(mode)) {
      throw new ConfigError(
        'ValueError',
        `\`IPUConfig\` mode can only take values in ('training', 'inference'). You provided: value=${quoted(mode)}.` +
          ' Use the `train` and `eval` methods instead to avoid error.',
      );
    }
    this.#mode = mode as Mode;
  }

  train(): this {
    this.#mode = 'training';
    return this;
  }

  eval(): this {
    this.#mode = 'inference';
    return this;
  }

  /**
   * The value of an attribute, whatever the mode.
   * @throws ConfigError when there is none of that name
   */
  get<N extends AttributeName>(name: N): IpuConfigAttributes[N] {
    if (!isAttributeName(name)) {
      throw new ConfigError('AttributeError', `'IPUConfig' object has no attribute ${quoted(String(name))}`);
    }
    const value = this.raw(name);
    const { numeric = false } = ATTRIBUTE_RULES[name].hint;
    return fromPython(numeric ? withoutBools(value) : value) as IpuConfigAttributes[N];
  }

  /** The value as Python would hold it, for messages. */
  raw(name: AttributeName): PythonValue {
    return this.#values.get(name) ?? null;
  }

  source(name: AttributeName): AttributeSource {
    return this.#sources.get(name) ?? { kind: 'default' };
  }

  /** Name of the attribute that a managed one means in the present mode. */
  managedName<N extends ManagedAttribute>(name: N): N | `inference_${N}` {
    return this.#mode === 'training' ? name : `inference_${name}`;
  }

  /** The value of `name` in training mode, of its `inference_` twin in inference mode. */
  managed<N extends ManagedAttribute>(name: N): IpuConfigAttributes[N] {
    return this.get(this.managedName(name)) as IpuConfigAttributes[N];
  }

  /**
   * Sets one attribute; `_name` sets the twin that the mode chooses, `mode` the mode. As upstream, this checks the
   * value by itself and not against other attributes.
   * @throws ConfigError: TypeError for a wrong type, ValueError for a value out of range
   */
  set(name: string, value: unknown): void {
    if (name === 'mode') {
      this.mode = str(toPython(value));
      return;
    }
    this.#put(this.resolveName(name), toPython(value), { kind: 'given' });
  }

  /**
   * The attribute behind a name as Python code may write it: `layers_per_ipu`, or `_layers_per_ipu` for the mode's.
   * @throws ConfigError when there is none
   */
  resolveName(name: string): AttributeName {
    if (isAttributeName(name)) return name;
    const managed = name.slice(1);
    if (name.startsWith('_') && isManagedAttribute(managed)) return this.managedName(managed);
    throw new ConfigError(
      'AttributeError',
      `\`IPUConfig\` has no attribute \`${name}\`. The attributes are: ${ATTRIBUTE_NAMES.join(', ')}.`,
    );
  }

  /** A copy that can be changed without changing this one. */
  clone(): IpuConfig {
    const copy = new IpuConfig();
    for (const name of ATTRIBUTE_NAMES) {
      copy.#values.set(name, this.raw(name));
      copy.#sources.set(name, this.source(name));
    }
    copy.#mode = this.#mode;
    return copy;
  }

  /** Every attribute by name, in alphabetical order, as upstream saves it. */
  toJSON(): Record<AttributeName, JsonValue> {
    const entries = ATTRIBUTE_NAMES.map((name) => [name, fromPython(this.raw(name))] as const);
    return Object.fromEntries(entries) as Record<AttributeName, JsonValue>;
  }

  #put(name: AttributeName, value: PythonValue, source: AttributeSource): void {
    checkAttribute(name, value);
    this.#values.set(name, value);
    this.#sources.set(name, source);
  }

  /** Sets all attributes in upstream's order, which decides which of several mistakes is reported. */
  #fill(dict: PythonDict): void {
    const given = (name: AttributeName): PythonValue => dict.get(name) ?? null;
    const take = (...names: AttributeName[]): void => {
      for (const name of names) {
        const isGiven = dict.has(name);
        const value = isGiven ? given(name) : ATTRIBUTE_RULES[name].initial;
        this.#put(name, value, { kind: isGiven ? 'given' : 'default' });
      }
    };
    const takeOr = (name: AttributeName, of: AttributeName | null, fallback: PythonValue): void => {
      const isGiven = isTruthy(given(name));
      const otherwise: AttributeSource = of === null ? { kind: 'default' } : { kind: 'fallback', of };
      this.#put(name, isGiven ? given(name) : fallback, isGiven ? { kind: 'given' } : otherwise);
    };
    take('seed', 'layers_per_ipu');
    takeOr('inference_layers_per_ipu', 'layers_per_ipu', this.raw('layers_per_ipu'));
    takeOr('ipus_per_replica', 'layers_per_ipu', this.get('layers_per_ipu').length);
    this.#fillInferenceIpus(takeOr);
    take('matmul_proportion');
    const proportion = this.raw('matmul_proportion');
    const fits = !isList(proportion) || proportion.length === this.get('inference_ipus_per_replica');
    if (fits) takeOr('inference_matmul_proportion', 'matmul_proportion', proportion);
    else takeOr('inference_matmul_proportion', null, 0.2);
    for (const name of ['replication_factor', 'inference_replication_factor'] as const) {
      if (dict.has(name)) refuseReplication(name, given(name));
      take(name);
    }
    take('embedding_serialization_factor', 'inference_embedding_serialization_factor');
    take('serialized_embedding_splits_per_ipu', 'inference_serialized_embedding_splits_per_ipu');
    take('projection_serialization_factor', 'inference_projection_serialization_factor');
    take('serialized_projection_splits_per_ipu', 'inference_serialized_projection_splits_per_ipu');
    take('gradient_accumulation_steps', 'device_iterations', 'inference_device_iterations');
    take('optimizer_state_offchip', 'replicated_tensor_sharding', 'auto_loss_scaling');
    take('enable_half_partials', 'executable_cache_dir', 'explicit_ir_inference');
    take('recompute_checkpoint_every_layer', 'output_mode');
    takeOr('parallelize_kwargs', null, new Map());
    takeOr('inference_parallelize_kwargs', null, new Map());
    take('execute_encoder_on_cpu_for_generation');
  }

  #fillInferenceIpus(takeOr: (name: AttributeName, of: AttributeName, fallback: PythonValue) => void): void {
    const layers = this.get('inference_layers_per_ipu');
    const ipus = this.get('ipus_per_replica');
    const isOneWildcard = layers.length === 1 && layers[0] === -1;
    if (ipus === this.get('layers_per_ipu').length || !isOneWildcard) {
      takeOr('inference_ipus_per_replica', 'inference_layers_per_ipu', layers.length);
    } else {
      takeOr('inference_ipus_per_replica', 'ipus_per_replica', this.raw('ipus_per_replica'));
    }
  }
}

function withoutBools(value: PythonValue): PythonValue {
  if (isList(value)) return value.map(withoutBools);
  return typeof value === 'boolean' ? Number(value) : value;
}

function refuseReplication(name: string, value: PythonValue): void {
  if (isInt(value)) return;
  throw new ConfigError(
    'ValueError',
    `${name} must be of type \`int\`. You provided: ${name}=${str(value)}, <class '${typeName(value)}'>.`,
  );
}

function refuseUnknown(dict: PythonDict): void {
  const isKnown = (key: string): boolean =>
    isAttributeName(key) || Object.hasOwn(DEPRECATED, key) || TRANSFORMERS_KEYS.has(key);
  const unknown = [...dict].filter(([key]) => !isKnown(key));
  if (unknown.length === 0) return;
  throw new ConfigError(
    'IncompatibleIPUConfigError',
    `IPUConfig received unknown arguments:\n${listed(unknown, ([k, v]) => `  ${short(k)}=${str(v)}`)}`,
  );
}
