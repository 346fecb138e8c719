import type { StoredTensor, WeightPlace } from './weights.js';
import type { Dtype } from './dtype.js';

export interface TensorInfo {
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/**
 * One open file of tensors, whatever its format. What the file says about itself was checked when it was opened;
 * values are read one tensor at a time, by range.
 */
export interface TensorFile {
  readonly path: string;
  /** By the names that the file has. */
  readonly entries: ReadonlyMap<string, TensorInfo>;
  /**
   * The values of one tensor, widened to float32, in memory of its own.
   * @throws CheckpointError when there is none of that name, it holds no floating-point numbers, or the file has
   * become shorter.
   */
  tensor(name: string): Promise<Float32Array>;
  /** The numbers of one tensor as the file has them. @throws CheckpointError as `tensor` does, whatever the type. */
  stored(name: string): Promise<StoredTensor>;
  /** Where a tensor's float32 values stand in the file, one after another; undefined when they do not. */
  place(name: string): WeightPlace | undefined;
  close(): Promise<void>;
}
