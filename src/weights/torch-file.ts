import type { WeightPlace } from './weights.js';
import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { bitsOf } from './dtype.js';
import { FileReader } from './file-reader.js';
import { elementsOf, type TensorFile, type TensorInfo } from './tensor-file.js';
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
    const tensor = this.#contents.tensors.get(name);
    if (!tensor) throw new CheckpointError(`${this.path} has no tensor ${name}.`);
    const { storage, shape } = tensor;
    const position = this.#position(tensor);
    const { dtype } = storage;
    if (isDense(tensor)) return this.#file.tensor(name, { dtype, shape }, position);
    const span = shape.reduce((last, size, axis) => last + (size - 1) * tensor.stride[axis]!, 1);
    const around = elementsOf(shape) === 0 ? 0 : span;
    return gather(await this.#file.tensor(name, { dtype, shape: [around] }, position), tensor);
  }

  place(name: string): WeightPlace | undefined {
    const tensor = this.#contents.tensors.get(name);
    if (tensor?.storage.dtype !== 'F32' || !isDense(tensor)) return undefined;
    return { path: this.path, offsetBytes: this.#position(tensor), bytes: 4 * elementsOf(tensor.shape) };
  }

  #position({ storage, offset }: TorchTensor): number {
    return this.#contents.begins.get(storage)! + (offset * bitsOf(storage.dtype)) / 8;
  }

  close(): Promise<void> {
    return this.#file.close();
  }
}

/** The elements of a strided view, row by row. */
function gather(values: Float32Array, { shape, stride }: TorchTensor): Float32Array {
  const result = new Float32Array(elementsOf(shape));
  const index = shape.map(() => 0);
  let from = 0;
  for (let i = 0; i < result.length; i++) {
    result[i] = values[from]!;
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
  if (text.startsWith('version ')) {
    throw new CheckpointError(
      `${file.path} is a Git LFS pointer, not the weights: run "git lfs pull" there.`,
    );
  }
  const tar =
    text.slice(257, 262) === 'ustar' ? ' It is a tar archive, as torch before 0.1.10 wrote them.' : '';
  throw new CheckpointError(
    `${file.path} (${file.sizeBytes} bytes) is no file of torch.save: it begins neither as a zip archive nor as a ` +
      `pickle.${tar} Fetch or save it again.`,
  );
}
