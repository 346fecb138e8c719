import { programOf } from './families.js';
import type { ModelHead, ModelConfig, Slice } from '../model-config.js';
import type { Placement } from '../placement.js';
import { weightBytes } from '../program.js';

/** One stage of a pipeline: what it computes, where, and how large it is. */
export interface PlannedStage {
  readonly ipu: number;
  readonly slice: Slice;
  /** `embedding, layers 0–2`. */
  readonly name: string;
  /** In float32. */
  readonly weightBytes: number;
}

/** The slices of a model that a placement puts on its stages, in the order of the pipeline. */
export function planStages(config: ModelConfig, placement: Placement): PlannedStage[] {
  return placement.stages.map(({ ipu, embedding, layers, head }) =>
    stage(config, ipu, { embedding, firstLayer: layers[0], endLayer: layers[1], head }),
  );
}

/** The whole model on one device. */
export function oneDevice(config: ModelConfig, head: ModelHead | null): PlannedStage[] {
  return [stage(config, 0, { embedding: true, firstLayer: 0, endLayer: config.numHiddenLayers, head })];
}

function stage(config: ModelConfig, ipu: number, slice: Slice): PlannedStage {
  return { ipu, slice, name: sliceName(slice), weightBytes: weightBytes(programOf(config, slice)) };
}

function sliceName({ embedding, firstLayer, endLayer, head }: Slice): string {
  const parts = [];
  if (embedding) parts.push('embedding');
  if (endLayer - firstLayer === 1) parts.push(`layer ${firstLayer}`);
  if (endLayer - firstLayer > 1) parts.push(`layers ${firstLayer}–${endLayer - 1}`);
  if (head) parts.push(head === 'pooler' ? 'pooler' : `${head} head`);
  return parts.join(', ');
}
