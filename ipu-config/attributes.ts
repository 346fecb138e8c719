import * as hint from './type-hints.js';
import type { TypeHint } from './type-hints.js';
import type { JsonValue, PythonValue } from './python-value.js';

/** The attributes of an `ipu_config.json` after defaults and fallbacks; names are the file's own. */
export interface IpuConfigAttributes {
  readonly auto_loss_scaling: boolean;
  readonly device_iterations: number;
  readonly embedding_serialization_factor: number | null;
  readonly enable_half_partials: boolean;
  readonly executable_cache_dir: string;
  readonly execute_encoder_on_cpu_for_generation: JsonValue;
  readonly explicit_ir_inference: boolean;
  readonly gradient_accumulation_steps: number;
  readonly inference_device_iterations: number;
  readonly inference_embedding_serialization_factor: number | null;
  readonly inference_ipus_per_replica: number;
  readonly inference_layers_per_ipu: readonly number[];
  readonly inference_matmul_proportion: number | readonly number[];
  readonly inference_parallelize_kwargs: { readonly [key: string]: JsonValue };
  readonly inference_projection_serialization_factor: number | null;
  readonly inference_replication_factor: number;
  readonly inference_serialized_embedding_splits_per_ipu: readonly number[] | null;
  readonly inference_serialized_projection_splits_per_ipu: readonly number[] | null;
  readonly ipus_per_replica: number;
  readonly layers_per_ipu: readonly number[];
  readonly matmul_proportion: number | readonly number[];
  readonly optimizer_state_offchip: boolean;
  readonly output_mode: OutputMode;
  readonly parallelize_kwargs: { readonly [key: string]: JsonValue };
  readonly projection_serialization_factor: number | null;
  readonly recompute_checkpoint_every_layer: boolean;
  readonly replicated_tensor_sharding: boolean;
  readonly replication_factor: number;
  readonly seed: number | null;
  readonly serialized_embedding_splits_per_ipu: readonly number[] | null;
  readonly serialized_projection_splits_per_ipu: readonly number[] | null;
}

export type AttributeName = keyof IpuConfigAttributes;

export const OUTPUT_MODES = ['all', 'sum', 'final', 'default'] as const;
export type OutputMode = (typeof OUTPUT_MODES)[number];

export const MODES = ['training', 'inference'] as const;
export type Mode = (typeof MODES)[number];

/** Attributes that upstream reads through the mode: `x` in training, `inference_x` in inference. */
export const MANAGED_ATTRIBUTES = [
  'embedding_serialization_factor',
  'ipus_per_replica',
  'layers_per_ipu',
  'matmul_proportion',
  'parallelize_kwargs',
  'projection_serialization_factor',
  'serialized_embedding_splits_per_ipu',
  'serialized_projection_splits_per_ipu',
] as const satisfies readonly AttributeName[];
export type ManagedAttribute = (typeof MANAGED_ATTRIBUTES)[number];

export interface AttributeRule {
  readonly hint: TypeHint;
  /** What a file that does not mention the attribute gives; fallbacks are worked out in `IpuConfig`. */
  readonly initial: PythonValue;
  /** The least value, of a number or of every element of a list. */
  readonly floor?: number;
  /** A count of splits per IPU: at least one, on neighbouring IPUs. */
  readonly splits?: boolean;
  readonly choices?: readonly string[];
}

const count: AttributeRule = { hint: hint.INT, initial: 1, floor: 1 };
const optionalCount: AttributeRule = { hint: hint.OPTIONAL_INT, initial: null, floor: 1 };
const off: AttributeRule = { hint: hint.BOOL, initial: false };
const splits: AttributeRule = { hint: hint.OPTIONAL_LIST_OF_INT, initial: null, splits: true };
const options: AttributeRule = { hint: hint.OPTIONAL_DICT, initial: null };

/** Types, defaults and floors (optimum-graphcore b8cd6e09, optimum/graphcore/ipu_configuration.py). */
export const ATTRIBUTE_RULES: Readonly<Record<AttributeName, AttributeRule>> = {
  auto_loss_scaling: off,
  device_iterations: count,
  embedding_serialization_factor: optionalCount,
  enable_half_partials: { hint: hint.BOOL, initial: true },
  executable_cache_dir: { hint: hint.STR, initial: '' },
  execute_encoder_on_cpu_for_generation: { hint: hint.ANY, initial: false },
  explicit_ir_inference: off,
  gradient_accumulation_steps: count,
  inference_device_iterations: count,
  inference_embedding_serialization_factor: optionalCount,
  inference_ipus_per_replica: optionalCount,
  inference_layers_per_ipu: { hint: hint.OPTIONAL_LIST_OF_INT, initial: null, floor: -1 },
  inference_matmul_proportion: { hint: hint.OPTIONAL_PROPORTION, initial: null, floor: 0 },
  inference_parallelize_kwargs: options,
  inference_projection_serialization_factor: optionalCount,
  inference_replication_factor: count,
  inference_serialized_embedding_splits_per_ipu: splits,
  inference_serialized_projection_splits_per_ipu: splits,
  ipus_per_replica: optionalCount,
  layers_per_ipu: { hint: hint.LIST_OF_INT, initial: [-1], floor: -1 },
  matmul_proportion: { hint: hint.PROPORTION, initial: 0.2, floor: 0 },
  optimizer_state_offchip: off,
  output_mode: { hint: hint.STR, initial: 'final', choices: OUTPUT_MODES },
  parallelize_kwargs: options,
  projection_serialization_factor: optionalCount,
  recompute_checkpoint_every_layer: off,
  replicated_tensor_sharding: off,
  replication_factor: count,
  seed: { hint: hint.OPTIONAL_INT, initial: null },
  serialized_embedding_splits_per_ipu: splits,
  serialized_projection_splits_per_ipu: splits,
};

export const ATTRIBUTE_NAMES = Object.keys(ATTRIBUTE_RULES) as readonly AttributeName[];

export function isAttributeName(name: string): name is AttributeName {
  return Object.hasOwn(ATTRIBUTE_RULES, name);
}

export function isManagedAttribute(name: string): name is ManagedAttribute {
  return (MANAGED_ATTRIBUTES as readonly string[]).includes(name);
}
