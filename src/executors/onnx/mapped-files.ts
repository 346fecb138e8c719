import { realpath } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import type { TensorSpec } from '../../../ipu-config/base/tensor-spec.js';
import type { WeightPlace, WeightSource } from '../../weights/weights.js';

/** Smaller tensors are read: to map one costs more than that. */
const LEAST_BYTES = 1 << 16;

/** Files that ONNX Runtime maps itself, so that weights pass through no memory of ours. */
export class MappedFiles {
  /** The one folder that ONNX Runtime takes files from; it follows no links out of it. */
  readonly folder: string;
  readonly #weights: WeightSource;
  /** By the path that a place has. */
  readonly #names: ReadonlyMap<string, string>;

  /** Use `MappedFiles.of`. */
  constructor(weights: WeightSource, folder: string, names: ReadonlyMap<string, string>) {
    this.#weights = weights;
    this.folder = folder;
    this.#names = names;
  }

  /**
   * Undefined when not all of the tensors stand in files of one folder as they are needed: ONNX Runtime takes
   * weights from files or from memory, not from both.
   */
  static async of(weights: WeightSource, specs: readonly TensorSpec[]): Promise<MappedFiles | undefined> {
    const names = new Map<string, string>();
    const folders = new Set<string>();
    for (const { name, shape } of specs) {
      const place = weights.place?.(name, shape);
      if (!place) return undefined;
      if (names.has(place.path)) continue;
      const file = await realpath(place.path);
      names.set(place.path, basename(file));
      folders.add(dirname(file));
    }
    const [folder] = folders;
    return folder !== undefined && folders.size === 1 ? new MappedFiles(weights, folder, names) : undefined;
  }

  /** The tensor's place and its file's name in the folder; undefined when it is so small that it should be read. */
  find(name: string, shape: readonly number[]): { place: WeightPlace; file: string } | undefined {
    const place = this.#weights.place!(name, shape)!;
    return place.bytes < LEAST_BYTES ? undefined : { place, file: this.#names.get(place.path)! };
  }
}
