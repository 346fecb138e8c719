import type { ModelConfig, Slice } from 'ipu-pipeline/models';
import type { MachineProfile } from 'ipu-pipeline/machine';
import { publishedConfig, type ModelProfile } from 'ipu-pipeline/internals';

export const config: ModelConfig = publishedConfig('small');

/** A machine that nobody has measured: round figures, and neighbours that slow each other down. */
export function machine(change: Partial<ModelProfile> = {}): MachineProfile {
  return {
    format: 'ipu-pipeline-profile',
    version: 1,
    date: '2026-01-01T00:00:00.000Z',
    executor: 'onnx',
    machine: {
      ipuPipeline: '0.1.0',
      node: '20.0.0',
      onnxruntime: '1.30.0',
      platform: 'linux x64',
      cpu: 'a processor',
      cores: 2,
      memoryBytes: 2 ** 34,
    },
    models: [
      {
        name: 'synthetic:bert-small',
        hiddenSize: config.hiddenSize,
        intermediateSize: config.intermediateSize,
        attentionHeads: config.numAttentionHeads,
        vocabSize: config.vocabSize,
        headName: 'question-answering',
        action: { dispatchNs: 10_000, wakeNs: 60_000, callNs: 100_000, copyNsPerByte: 0.2 },
        embedding: { tokenNs: 5_000 },
        layer: { weightsNs: 500_000, tokenNs: 90_000, tokenPairNs: 30 },
        head: { weightsNs: 10_000, tokenNs: 500 },
        contention: [
          { threads: 1, weightsFactor: 1, computeFactor: 1 },
          { threads: 2, weightsFactor: 1.4, computeFactor: 1.1 },
        ],
        timeSharing: { threads: 4, efficiency: 0.95 },
        stageThreads: [
          { threads: 1, weightsFactor: 1, computeFactor: 1 },
          { threads: 2, weightsFactor: 0.8, computeFactor: 0.55 },
        ],
        fit: { meanError: 0.01, worstError: 0.03 },
        otherLoadShare: 0,
        measurements: [],
        ...change,
      },
    ],
  };
}

/** Stages of so many layers: the embedding on the first, the head on the last. */
export function stagesOf(layers: readonly number[]): { ipu: number; slice: Slice }[] {
  let first = 0;
  return layers.map((count, ipu) => {
    const slice: Slice = {
      embedding: ipu === 0,
      firstLayer: first,
      endLayer: first + count,
      head: ipu === layers.length - 1 ? 'question-answering' : null,
    };
    first += count;
    return { ipu, slice };
  });
}
