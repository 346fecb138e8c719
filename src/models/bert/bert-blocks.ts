import { trainingStages } from '../../../ipu-config/pipeline-minimum.js';

/** What sits on top of the encoder; null ends with the last hidden state. */
export const PLACED_HEADS = [
  'question-answering',
  'sequence-classification',
  'token-classification',
  'multiple-choice',
  'masked-lm',
  'pre-training',
  'next-sentence-prediction',
  'pooler',
] as const;
export type PlacedHead = (typeof PLACED_HEADS)[number] | null;

/** A part of the model that upstream puts on an IPU by name. */
export interface BertBlock {
  readonly name: string;
  readonly ipu: number;
}

/**
 * Blocks of a BERT model in the order they run. The embedding is on IPU 0; task heads are on the replica's last IPU,
 * whatever IPU the last layer is on; what shares weights or sits beside the embedding returns to IPU 0.
 * Source: optimum-graphcore b8cd6e09, optimum/graphcore/models/bert/modeling_bert.py. Next-sentence prediction has no
 * pipelined class there; it is placed like the other classifiers of the pooled state.
 * @param layerIpu the IPU of each encoder layer
 */
export function bertBlocks(
  layerIpu: readonly number[],
  head: PlacedHead,
  ipusPerReplica: number,
): readonly BertBlock[] {
  const encoder = layerIpu.map((ipu, layer) => ({ name: `Encoder${layer}`, ipu }));
  return [
    { name: 'Embedding', ipu: 0 },
    ...encoder,
    ...headBlocks(head, layerIpu.at(-1) ?? 0, ipusPerReplica - 1),
  ];
}

function headBlocks(head: PlacedHead, lastLayerIpu: number, lastIpu: number): readonly BertBlock[] {
  switch (head) {
    case 'question-answering':
      return [{ name: 'QA Outputs', ipu: lastIpu }];
    case 'sequence-classification':
    case 'multiple-choice':
    case 'next-sentence-prediction':
      // The pooler has no block of its own there: it runs in the block before it.
      return [
        { name: 'Pooler (inherits)', ipu: lastLayerIpu },
        { name: 'Classifier Output', ipu: lastIpu },
      ];
    case 'token-classification':
      return [{ name: 'Classifier Output', ipu: lastIpu }];
    case 'masked-lm':
      return [{ name: 'Classifier', ipu: 0 }];
    case 'pre-training':
      return [
        { name: 'Pooler Output', ipu: 0 },
        { name: 'Classifier', ipu: 0 },
      ];
    case 'pooler':
      return [{ name: 'Pooler Output', ipu: 0 }];
    case null:
      return [];
  }
}

export interface StageCounts {
  readonly forward: number;
  readonly training: number;
}

/**
 * Pipeline stages of blocks in order: a new one wherever the IPU changes, counted from IPU 0.
 * Source: poptorch c2a8b17, popart_compiler/source/CompilerImpl.cpp, numPipelineStages.
 */
export function countStages(blocks: readonly BertBlock[]): StageCounts {
  const changes = blocks.filter(({ ipu }, i) => ipu !== (blocks[i - 1]?.ipu ?? 0)).length;
  return { forward: changes + 1, training: trainingStages(changes + 1) };
}
