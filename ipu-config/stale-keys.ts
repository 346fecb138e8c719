/** Attributes that changed their name; the value is the name of today. */
export const RENAMED_KEYS: Readonly<Record<string, string>> = {
  gradient_accumulation: 'gradient_accumulation_steps',
  random_seed: 'seed',
};

const OLD_ATTRIBUTES =
  `auto_round_num_ipus compile_only decompose_grad_sum pod_type profile_dir synthetic_data
  use_popdist`.split(/\s+/);

/**
 * Arguments of training scripts: until version 0.7 upstream ignored whatever it did not know, and published files of
 * 2021 and 2022 carry the arguments of the run they were made for.
 */
const SCRIPT_ARGUMENTS = `attention_probs_dropout_prob async_dataloader dataset fp16 fp32 head_init_scale
  ipu_config_name layer_norm_eps layer_scale_init_value learning_rate load_fb_pretrained_weights loss_scaling
  mask_tokens max_steps model_name_or_path num_train_epochs optimizer output_dir overwrite_output_dir
  weight_decay`.split(/\s+/);
const SCRIPT_FAMILIES =
  /^(dataloader|dataset|disable|do|eval|logging|lr|per_device|save|train|validation|warmup)_/;

/** What a key was that newest upstream refuses though older versions took it; undefined for any other key. */
export function staleReason(key: string): string | undefined {
  if (OLD_ATTRIBUTES.includes(key)) return 'an attribute that upstream dropped';
  if (SCRIPT_ARGUMENTS.includes(key) || SCRIPT_FAMILIES.test(key)) return 'an argument of a training script';
  return undefined;
}

/** Settings of a run that people look for in the file, in small letters without separators, and the flags that say them. */
export const RUN_SETTINGS: readonly (readonly [RegExp, string])[] = [
  [/^(micro)?batch(es|size)?$/, '--micro-batch'],
  [/^(max)?(seq|sequence)(len|length)$/, '--seq-len'],
  [/^(packed)?sequencesperrow$/, '--sequences-per-row'],
  [/^(compute|weight)?precision$/, '--precision'],
  [/^(optimizer)?stateprecision$/, '--state-precision'],
  [/^(system|numipus|nipu)$/, '--system'],
];
