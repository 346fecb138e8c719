import { join } from 'node:path';
import { stat } from 'node:fs/promises';
import type { TensorSpec } from '../bert/bert-tensors.js';
import type { WeightSource } from '../bert/weights.js';
import { CheckpointError } from './checkpoint-error.js';
import { SafetensorsFile } from './safetensors.js';
import { spellings } from './tensor-names.js';

/** The weights of a Hugging Face directory, whatever spelling its file uses. */
export class CheckpointWeights implements WeightSource {
  readonly #file: SafetensorsFile;

  constructor(file: SafetensorsFile) {
    this.#file = file;
  }

  /** @throws CheckpointError when the directory has no weights that can be read. */
  static async open(directory: string): Promise<CheckpointWeights> {
    const path = join(directory, 'model.safetensors');
    if (!(await exists(path))) {
      const other = (await exists(join(directory, 'pytorch_model.bin')))
        ? ' It has a pytorch_model.bin, which is not read yet: convert it with safetensors.torch.save_file.'
        : '';
      throw new CheckpointError(`${directory} has no model.safetensors.${other}`);
    }
    return new CheckpointWeights(await SafetensorsFile.open(path));
  }

  has(name: string): boolean {
    return this.#stored(name) !== undefined;
  }

  async tensor(name: string, shape: readonly number[]): Promise<Float32Array> {
    this.check([{ name, shape }]);
    return this.#file.tensor(this.#stored(name)!);
  }

  /**
   * Checks that every tensor is there with its shape, from the header alone.
   * @throws CheckpointError that lists all that are missing or differ.
   */
  check(specs: readonly TensorSpec[]): void {
    const faults = specs.flatMap((spec) => this.#fault(spec));
    if (faults.length === 0) return;
    const shown = faults.slice(0, 10);
    const more = faults.length > shown.length ? [`… and ${faults.length - shown.length} more`] : [];
    throw new CheckpointError(
      `${this.#file.path} does not hold the model that config.json describes:\n  ${[...shown, ...more].join('\n  ')}`,
    );
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #fault({ name, shape }: TensorSpec): string[] {
    const stored = this.#stored(name);
    if (stored === undefined) return [`tensor ${name} [${shape.join(', ')}] is missing`];
    const found = this.#file.entries.get(stored)!.shape;
    if (found.length === shape.length && found.every((d, at) => d === shape[at])) return [];
    return [`tensor ${stored} has shape [${found.join(', ')}], it must be [${shape.join(', ')}]`];
  }

  #stored(name: string): string | undefined {
    return spellings(name).find((spelling) => this.#file.entries.has(spelling));
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
