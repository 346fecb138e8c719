/** A dense row-major tensor. `data` has exactly the product of `shape` elements. */
export type Tensor =
  | {
      readonly name: string;
      readonly dtype: 'float32';
      readonly shape: readonly number[];
      readonly data: Float32Array;
    }
  | {
      readonly name: string;
      readonly dtype: 'int32';
      readonly shape: readonly number[];
      readonly data: Int32Array;
    };
