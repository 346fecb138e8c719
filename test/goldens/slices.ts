import type { Tensor } from 'ipu-pipeline';
import { type ModelConfig, type ModelHead, type Slice, programOf } from 'ipu-pipeline/models';
import type { Executor } from 'ipu-pipeline/executors';
import { openWeights, type WeightSpec } from 'ipu-pipeline/tasks';

export interface GoldenInputs {
  readonly input_ids: readonly unknown[];
  readonly attention_mask?: readonly unknown[];
  readonly token_type_ids?: readonly unknown[];
}

/** Tensors of a case; dimensions before the sequence (batch, choice) become one. Absent ones get upstream's defaults. */
export function inputTensors({ input_ids, attention_mask, token_type_ids }: GoldenInputs): Tensor[] {
  const ids = rows(input_ids);
  const given = {
    input_ids: ids,
    attention_mask: attention_mask ? rows(attention_mask) : ids.map((row) => row.map(() => 1)),
    token_type_ids: token_type_ids ? rows(token_type_ids) : ids.map((row) => row.map(() => 0)),
  };
  return Object.entries(given).map(([name, values]) => ({
    name,
    dtype: 'int32',
    shape: [values.length, values[0]!.length],
    data: Int32Array.from(values.flat()),
  }));
}

function rows(nested: readonly unknown[]): number[][] {
  const [first] = nested as unknown[][];
  if (typeof first?.[0] === 'number') return nested as number[][];
  return (nested as unknown[][]).flatMap((inner) => rows(inner));
}

/** One prepared slice over several inputs; its weights are let go of afterwards. */
export async function runSlice(
  executor: Executor,
  { config, weights }: { config: ModelConfig; weights: WeightSpec },
  slice: Slice,
  batches: readonly (readonly Tensor[])[],
): Promise<(readonly Tensor[])[]> {
  const source = await openWeights(weights);
  try {
    const stage = await executor.prepare(programOf(config, slice), source, { threads: 1 });
    try {
      const outputs = [];
      for (const inputs of batches) outputs.push(await stage.run(inputs));
      return outputs;
    } finally {
      await stage.dispose();
    }
  } finally {
    await source.close();
  }
}

export const wholeModel = (config: ModelConfig, head: ModelHead | null): Slice => ({
  embedding: true,
  firstLayer: 0,
  endLayer: config.numHiddenLayers,
  head,
});

/** The embedding and each layer as slices of their own, in order. */
export function layerByLayer({ numHiddenLayers }: ModelConfig): Slice[] {
  const layers = Array.from({ length: numHiddenLayers }, (_, layer) => ({
    embedding: false,
    firstLayer: layer,
    endLayer: layer + 1,
    head: null,
  }));
  return [{ embedding: true, firstLayer: 0, endLayer: 0, head: null }, ...layers];
}

/** A head alone, on the last hidden state. */
export const headOnly = ({ numHiddenLayers }: ModelConfig, head: ModelHead): Slice => ({
  embedding: false,
  firstLayer: numHiddenLayers,
  endLayer: numHiddenLayers,
  head,
});
