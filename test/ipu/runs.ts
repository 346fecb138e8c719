import { publishedModel, systemByName, type IpuRun, type IpuStage } from 'ipu-pipeline/simulator';

/** Layers on each IPU as stages; the head on the last one, or back on IPU 0. */
export function stagesOf(layers: readonly number[], head: 'last' | 'first' = 'last'): IpuStage[] {
  const stages = layers.map((count, ipu) => ({
    ipu,
    embedding: ipu === 0,
    attention: count,
    feedForward: count,
    head: head === 'last' && ipu === layers.length - 1,
  }));
  if (head === 'last') return stages;
  return [...stages, { ipu: 0, embedding: false, attention: 0, feedForward: 0, head: true }];
}

/** A run of BERT-large as Graphcore's published recipes have it, with changes. */
export function largeRun(layers: readonly number[], changes: Partial<IpuRun> = {}): IpuRun {
  const model = publishedModel('bert-large', changes.model?.head);
  const ipusPerReplica = layers.length;
  return {
    model: model!,
    hardware: systemByName('pod16'),
    mode: 'training',
    execution: 'pipelined',
    ipusPerReplica,
    replicas: 4,
    sequenceLength: 384,
    sequencesPerRow: 1,
    microBatch: 2,
    gradientAccumulation: 64,
    deviceIterations: 1,
    stages: stagesOf(layers),
    recompute: 'layer',
    precision: 'float16',
    stashPrecision: 'float16',
    optimizer: {
      name: 'lamb',
      stateOffChip: true,
      replicatedTensorSharding: true,
      statePrecision: 'float32',
    },
    matmulProportion: layers.map(() => 0.2),
    halfPartials: true,
    embeddingSerialization: 1,
    ...changes,
  };
}
