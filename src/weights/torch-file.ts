import type { StoredTensor, WeightPlace } from './weights.js';
import { bytesOf } from '../../ipu-config/base/dtypes.js';
import { lfsPointer } from '../../ipu-config/base/lfs-pointer.js';
import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { short } from '../../ipu-config/base/json-text.js';
import { bitsOf, dtypeOf } from './dtype.js';
import { FileReader } from './file-reader.js';
import type { TensorFile, TensorInfo } from './tensor-file.js';
import { elementsOf } from '../../ipu-config/base/tensor-spec.js';
import { readLegacy } from './torch-legacy.js';
import { isDense, type TorchStorage, type TorchTensor } from './torch-state.js';
import { readZip } from './torch-zip.js';

/** What a torch file says, without the values. */
export interface TorchContents {
  readonly tensors: ReadonlyMap<string, TorchTensor>;
  /** The byte of the file at which each storage begins; checked to lie in the file as a whole. */
  readonly begins: ReadonlyMap<TorchStorage, number>;
}

/** A `pytorch_model.bin`: a pickle that names tensors, and their values, in a zip archive or in torch's older form. */
export class TorchFile implements TensorFile {
  readonly entries: ReadonlyMap<string, TensorInfo>;
  readonly #file: FileReader;
  readonly #contents: TorchContents;

  /** Use `TorchFile.open`. */
  constructor(file: FileReader, contents: TorchContents) {
    this.#file = file;
    this.#contents = contents;
    this.entries = new Map(
      [...contents.tensors].map(([name, { storage, shape }]) => [name, { dtype: storage.dtype, shape }]),
    );
  }

  /** @throws CheckpointError when it cannot be read, is damaged, or its pickle holds anything but tensors. */
  static async open(path: string): Promise<TorchFile> {
    const file = await FileReader.open(path);
    try {
      return new TorchFile(file, await readContents(file));
    } catch (error) {
      await file.close();
      throw error;
    }
  }

  get path(): string {
    return this.#file.path;
  }

  async tensor(name: string): Promise<Float32Array> {
    const tensor = this.#tensor(name);
    const { storage, shape } = tensor;
    const position = this.#position(tensor);
    const { dtype } = storage;
    if (isDense(tensor)) return this.#file.tensor(name, { dtype, shape }, position);
    const around = await this.#file.tensor(name, { dtype, shape: [spanOf(tensor)] }, position);
    return gather(around, new Float32Array(elementsOf(shape)), tensor);
  }

  async stored(name: string): Promise<StoredTensor> {
    const tensor = this.#tensor(name);
    const { dtype } = tensor.storage;
    const width = bitsOf(dtype) / 8;
    const around = await this.#file.bytes(
      this.#position(tensor),
      width * spanOf(tensor),
      `tensor ${short(name)}`,
    );
    const bytes = isDense(tensor)
      ? around
      : gather(around, new Uint8Array(width * elementsOf(tensor.shape)), tensor, width);
    return { dtype: dtypeOf(dtype), bytes };
  }

  place(name: string): WeightPlace | undefined {
    const tensor = this.#contents.tensors.get(name);
    if (tensor?.storage.dtype !== 'F32' || !isDense(tensor)) return undefined;
    return {
      path: this.path,
      offsetBytes: this.#position(tensor),
      bytes: bytesOf('float32', elementsOf(tensor.shape)),
    };
  }

  #tensor(name: string): TorchTensor {
    const tensor = this.#contents.tensors.get(name);
    if (!tensor) throw new CheckpointError(`${this.path} has no tensor ${short(name)}.`);
    return tensor;
  }

  #position({ storage, offset }: TorchTensor): number {
    return this.#contents.begins.get(storage)! + (offset * bitsOf(storage.dtype)) / 8;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** From the first to the last element of a view, what lies between them as well. */
function spanOf({ shape, stride }: TorchTensor): number {
  if (elementsOf(shape) === 0) return 0;
  return shape.reduce((last, size, axis) => last + (size - 1) * stride[axis]!, 1);
}

/** The elements of a strided view, row by row, each of `width` numbers. */
function gather<T extends Float32Array | Uint8Array>(
  values: T,
  result: T,
  { shape, stride }: TorchTensor,
  width = 1,
): T {
  const index = shape.map(() => 0);
  let from = 0;
  for (let i = 0; i < result.length; i += width) {
    for (let part = 0; part < width; part++) result[i + part] = values[from * width + part]!;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      from += stride[axis]!;
      if (++index[axis]! < shape[axis]!) break;
      from -= stride[axis]! * shape[axis]!;
      index[axis] = 0;
    }
  }
  return result;
}

async function readContents(file: FileReader): Promise<TorchContents> {
  const start = await file.bytes(0, Math.min(512, file.sizeBytes));
  const text = new TextDecoder('latin1').decode(start);
  if (text.startsWith('PK\x03\x04')) return readZip(file);
  if (text.startsWith('\x80')) return readLegacy(file);
  const pointer = lfsPointer(file.path, text);
  if (pointer !== undefined) throw new CheckpointError(pointer);
  const tar =
    text.slice(257, 262) === 'ustar' ? ' It is a tar archive, as torch before 0.1.10 wrote them.' : '';
  throw new CheckpointError(
    `${file.path} (${file.sizeBytes} bytes) is no file of torch.save: it begins neither as a zip archive nor as a ` +
      `pickle.${tar} Fetch or save it again.`,
  );
}
