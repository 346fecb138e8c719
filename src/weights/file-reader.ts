import { open, stat, type FileHandle } from 'node:fs/promises';
import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { short } from '../../ipu-config/base/json-text.js';
import { bitsOf, isWeightDtype, WEIGHT_DTYPES, type WeightDtype } from './dtype.js';
import { reason, systemCode } from '../../ipu-config/base/reason.js';
import type { TensorInfo } from './tensor-file.js';
import { elementsOf } from '../../ipu-config/base/tensor-spec.js';
import { widen } from './widen.js';

/** One system call reads less than 2 GiB; larger ranges are read in parts. */
const MAX_READ_BYTES = 1 << 30;
/** Narrow types pass through a buffer of this size, so that widening needs no second copy of the tensor. */
const CHUNK_BYTES = 1 << 22;

/** A regular file that is read by range; every failure is a CheckpointError with the file's name. */
export class FileReader {
  readonly path: string;
  /** When it was opened. */
  readonly sizeBytes: number;
  readonly #handle: FileHandle;

  /** Use `FileReader.open`. */
  constructor(path: string, handle: FileHandle, sizeBytes: number) {
    this.path = path;
    this.#handle = handle;
    this.sizeBytes = sizeBytes;
  }

  static async open(path: string): Promise<FileReader> {
    try {
      // Before opening: to open a pipe is to wait for a writer.
      if (!(await stat(path)).isFile())
        throw new CheckpointError(`cannot read ${path}: it is no regular file.`);
      const handle = await open(path, 'r');
      return new FileReader(path, handle, (await handle.stat()).size);
    } catch (error) {
      if (error instanceof CheckpointError) throw error;
      const what = systemCode(error) === 'ENOENT' ? 'there is no such file' : reason(error);
      throw new CheckpointError(`cannot read ${path}: ${what}.`, { cause: error });
    }
  }

  /** Fills `target` from byte `position` on. */
  async read(target: Uint8Array, position: number, what = 'it'): Promise<void> {
    for (let done = 0; done < target.byteLength;) {
      const length = Math.min(MAX_READ_BYTES, target.byteLength - done);
      const at = position + done;
      const { bytesRead } = await this.#handle.read(target, done, length, at).catch((error: unknown) => {
        throw new CheckpointError(`cannot read ${this.path} at byte ${at}: ${reason(error)}.`, {
          cause: error,
        });
      });
      if (bytesRead === 0) {
        throw new CheckpointError(
          `${this.path} ended at byte ${at} while ${what} was read: it has become shorter since it was opened.`,
        );
      }
      done += bytesRead;
    }
  }

  async bytes(position: number, length: number, what?: string): Promise<Uint8Array<ArrayBuffer>> {
    const target = new Uint8Array(length);
    await this.read(target, position, what);
    return target;
  }

  /**
   * The dense row-major tensor that begins at byte `position`, as float32; float32 values are read straight into
   * the memory that is returned.
   */
  async tensor(name: string, { dtype, shape }: TensorInfo, position: number): Promise<Float32Array> {
    if (!isWeightDtype(dtype)) {
      throw new CheckpointError(
        `${this.path}: tensor ${short(name)} has the dtype ${dtype}; weights must be ${WEIGHT_DTYPES.join(', ')}. ` +
          'Save the model in one of them.',
      );
    }
    const values = new Float32Array(elementsOf(shape));
    const what = `tensor ${short(name)}`;
    if (dtype === 'F32') await this.read(new Uint8Array(values.buffer), position, what);
    else await this.#widened(dtype, values, position, what);
    return values;
  }

  async #widened(
    dtype: Exclude<WeightDtype, 'F32'>,
    values: Float32Array,
    position: number,
    what: string,
  ): Promise<void> {
    const elementBytes = bitsOf(dtype) / 8;
    const chunkElements = CHUNK_BYTES / elementBytes;
    const chunk = new Uint8Array(Math.min(CHUNK_BYTES, values.length * elementBytes));
    for (let at = 0; at < values.length; at += chunkElements) {
      const bytes = chunk.subarray(0, Math.min(chunkElements, values.length - at) * elementBytes);
      await this.read(bytes, position + at * elementBytes, what);
      widen(dtype, bytes, values, at);
    }
  }

  close(): Promise<void> {
    return this.#handle.close();
  }
}
