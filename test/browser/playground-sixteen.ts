import type { PlaygroundStart } from 'ipu-pipeline/report';

/** BERT-large on 16 IPUs with 64 micro-batches in one weight update: what the playground's bound is for. */
export const SIXTEEN: PlaygroundStart = {
  config: {
    name: 'sixteen.json',
    text: JSON.stringify({
      layers_per_ipu: [0, ...new Array<number>(6).fill(1), ...new Array<number>(9).fill(2)],
      ipus_per_replica: 16,
      gradient_accumulation_steps: 64,
      recompute_checkpoint_every_layer: true,
      optimizer_state_offchip: true,
    }),
  },
  model: 'bert-large',
  system: 'bow-pod16',
  mode: 'training',
  sequenceLength: 128,
  microBatch: 2,
};
