import type { AttributeName } from './attributes.js';

/** Which part of this program an attribute steers. */
export interface AttributeUse {
  readonly runtime: boolean;
  /** `simulate`, `plan` and `sweep` read it. */
  readonly simulator: boolean;
  /** What the attribute does here, or why it does nothing. */
  readonly note: string;
}

const runtime = (note: string): AttributeUse => ({ runtime: true, simulator: true, note });
const onlyRuntime = (note: string): AttributeUse => ({ runtime: true, simulator: false, note });
const simulator = (note: string): AttributeUse => ({ runtime: false, simulator: true, note });
const none = (note: string): AttributeUse => ({ runtime: false, simulator: false, note });

/** One row per attribute; docs/ipu-config.md shows the same table, and a test compares them. */
export const ATTRIBUTE_USES: Readonly<Record<AttributeName, AttributeUse>> = {
  auto_loss_scaling: none('keeps fp16 gradients in range; nothing is trained here'),
  device_iterations: simulator('micro-batches of a training call, times gradient accumulation'),
  embedding_serialization_factor: simulator(
    'parts of the embedding table, one after another: less memory, more time',
  ),
  enable_half_partials: simulator(
    'partial sums of matmuls in float16, at twice the rate; executors choose their own',
  ),
  executable_cache_dir: none('where PopART keeps compiled programs; nothing is compiled for an IPU here'),
  execute_encoder_on_cpu_for_generation: none('for text generation, and upstream refuses it too'),
  explicit_ir_inference: none('a choice inside the PopART compiler'),
  gradient_accumulation_steps: simulator(
    'micro-batches between two weight updates; must fill the training pipeline',
  ),
  inference_device_iterations: runtime('micro-batches of one call; must fill the pipeline'),
  inference_embedding_serialization_factor: none(
    "upstream's BERT reads embedding_serialization_factor in inference too",
  ),
  inference_ipus_per_replica: runtime('number of IPUs, each a thread here; task heads sit on the last'),
  inference_layers_per_ipu: runtime('which encoder layers each stage holds'),
  inference_matmul_proportion: simulator('the same in inference'),
  inference_parallelize_kwargs: none('arguments of Python methods of other models'),
  inference_projection_serialization_factor: none(
    'saves IPU memory in the output projection; results stay the same',
  ),
  inference_replication_factor: runtime('copies of the pipeline, side by side on one stream'),
  inference_serialized_embedding_splits_per_ipu: none(
    'upstream has it for encoder-decoder models, not for BERT',
  ),
  inference_serialized_projection_splits_per_ipu: none(
    'upstream has it for encoder-decoder models, not for BERT',
  ),
  ipus_per_replica: runtime('where inference falls back on it, and the IPUs of a training pipeline'),
  layers_per_ipu: runtime('where inference falls back on it, and the layers of a training pipeline'),
  matmul_proportion: simulator(
    'share of IPU memory that a matmul may use; there is no such limit on this machine',
  ),
  optimizer_state_offchip: simulator(
    'optimizer state in streaming memory: room on the chip, for time in each update',
  ),
  output_mode: onlyRuntime(
    'what Pipeline.calls returns of a call: all, the last, the sum; bench and answer take all',
  ),
  parallelize_kwargs: none('arguments of Python methods of other models'),
  projection_serialization_factor: none('saves IPU memory in the output projection; results stay the same'),
  recompute_checkpoint_every_layer: simulator('a backward stage runs its forward again, from each layer'),
  replicated_tensor_sharding: simulator('spreads optimizer state over the replicas'),
  replication_factor: simulator(
    'copies of the training pipeline; as many are simulated as the system holds, unless asked otherwise',
  ),
  seed: none('dropout in training; inference draws no random numbers'),
  serialized_embedding_splits_per_ipu: none('upstream has it for encoder-decoder models, not for BERT'),
  serialized_projection_splits_per_ipu: none('upstream has it for encoder-decoder models, not for BERT'),
};

/** `used by the runtime and the simulator`, either of them, or `not applicable`. */
export function useLabel({ runtime, simulator }: AttributeUse): string {
  if (runtime) return simulator ? 'used by the runtime and the simulator' : 'used by the runtime';
  return simulator ? 'used by the simulator' : 'not applicable';
}
