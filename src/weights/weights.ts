import type { TensorDtype } from '../../ipu-config/base/dtypes.js';

/**
 * Where a stage's tensors come from. Names are upstream's full ones
 * (`bert.encoder.layer.0.attention.self.query.weight`, `qa_outputs.bias`); a source maps the spellings that its
 * file has. Linear weights are `[out, in]` as PyTorch stores them.
 */
export interface WeightSource {
  has(name: string): boolean;
  /**
   * Where a tensor stands as it is in a file: dense, row by row, in float32. Undefined when it must be made or widened.
   * @throws CheckpointError as `tensor` does.
   */
  place?(name: string, shape: readonly number[]): WeightPlace | undefined;
  /**
   * Reads one tensor, widened to float32, in memory of its own that the caller may keep or transfer.
   * @throws CheckpointError when it is missing or its shape is not `shape`, naming the tensor and both shapes.
   */
  tensor(name: string, shape: readonly number[]): Promise<Float32Array>;
  /**
   * The same in the type that it is stored in, whatever that is. Absent where there is nothing but float32.
   * @throws CheckpointError as `tensor` does.
   */
  stored?(name: string, shape: readonly number[]): Promise<StoredTensor>;
  close(): Promise<void>;
}

/** The numbers of a tensor as a file has them: row by row, little-endian, in memory of their own. */
export interface StoredTensor {
  readonly dtype: TensorDtype;
  readonly bytes: Uint8Array;
}

/** A range of a file that may be mapped instead of read. */
export interface WeightPlace {
  readonly path: string;
  readonly offsetBytes: number;
  readonly bytes: number;
}
