import type { IpuConfig } from '../../../ipu-config/ipu-config.js';
import type { Block } from '../family.js';
import type { ModelHead } from '../model-config.js';
import { placeLayers, type PlacedShape, type Placement } from '../placement.js';
import { BERT_HEADS } from './bert-heads.js';

/**
 * Blocks of a BERT model in the order they run. The embedding is on IPU 0; task heads are on the replica's last IPU,
 * whatever IPU the last layer is on (bert-heads.ts).
 * @param layerIpu the IPU of each encoder layer
 */
export function bertBlocks(
  layerIpu: readonly number[],
  head: ModelHead | null,
  ipusPerReplica: number,
): readonly Block[] {
  const ipus = { lastLayer: layerIpu.at(-1) ?? 0, last: ipusPerReplica - 1 };
  return [
    { name: 'Embedding', ipu: 0 },
    ...layerIpu.map((ipu, layer) => ({ name: `Encoder${layer}`, ipu })),
    ...(head === null ? [] : BERT_HEADS[head].blocks(ipus)),
  ];
}

/** Where each part of a BERT model sits: see `placeLayers`. */
export function placeBert(config: IpuConfig, shape: PlacedShape): Placement {
  return placeLayers(config, shape, bertBlocks);
}
