import type { TensorSpec } from '../../ipu-config/base/tensor-spec.js';
import type { StoredTensor, WeightPlace, WeightSource } from './weights.js';
import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { short } from '../../ipu-config/base/json-text.js';
import { isWeightDtype, WEIGHT_DTYPES } from './dtype.js';
import type { TensorFile } from './tensor-file.js';
import { AS_NAMED, spellings, wrapperPrefix, type Spellings } from './tensor-names.js';
import { openWeightFiles } from './weight-files.js';

/** Faults that one message lists; the rest is counted. */
const SHOWN = 10;
/** Names of the file that such a message shows beside them. */
const SHOWN_NAMES = 5;

/** The weights of a Hugging Face directory, whatever spelling its files use. */
export class CheckpointWeights implements WeightSource {
  /** What is taken off the names of the files, `module.` for example; mostly nothing. */
  readonly wrapper: string;
  readonly #directory: string;
  readonly #files: readonly TensorFile[];
  readonly #spellings: Spellings;
  /** The file of each tensor, by the name that the file has. */
  readonly #homes = new Map<string, TensorFile>();

  /** Use `CheckpointWeights.open`. */
  constructor(directory: string, files: readonly TensorFile[], spelt: Spellings) {
    this.#directory = directory;
    this.#files = files;
    this.#spellings = spelt;
    for (const file of files) for (const name of file.entries.keys()) this.#homes.set(name, file);
    this.wrapper = wrapperPrefix(this.#homes.keys(), spelt);
  }

  /**
   * @param spelt how the model's family may call its parameters otherwise
   * @throws CheckpointError when the directory has no weights that can be read.
   */
  static async open(directory: string, spelt: Spellings = AS_NAMED): Promise<CheckpointWeights> {
    return new CheckpointWeights(directory, await openWeightFiles(directory), spelt);
  }

  /** As the file has it; undefined where it has no such tensor. */
  shape(name: string): readonly number[] | undefined {
    const stored = this.#stored(name);
    return stored === undefined ? undefined : this.#homes.get(stored)!.entries.get(stored)!.shape;
  }

  has(name: string): boolean {
    return this.#stored(name) !== undefined;
  }

  async tensor(name: string, shape: readonly number[]): Promise<Float32Array> {
    this.check([{ name, shape }]);
    const stored = this.#stored(name)!;
    return this.#homes.get(stored)!.tensor(stored);
  }

  async stored(name: string, shape: readonly number[]): Promise<StoredTensor> {
    this.check([{ name, shape }], false);
    const stored = this.#stored(name)!;
    return this.#homes.get(stored)!.stored(stored);
  }

  place(name: string, shape: readonly number[]): WeightPlace | undefined {
    this.check([{ name, shape }]);
    const stored = this.#stored(name)!;
    return this.#homes.get(stored)!.place(stored);
  }

  /**
   * Checks that every tensor is there with its shape, without reading values.
   * @param asWeights and with a type that can be widened to float32
   * @throws CheckpointError that lists all that are missing or differ.
   */
  check(specs: readonly TensorSpec[], asWeights = true): void {
    const faults = specs.flatMap((spec) => this.#fault(spec, asWeights));
    if (faults.length === 0) return;
    const more = faults.length > SHOWN ? [`… and ${faults.length - SHOWN} more`] : [];
    const isMissing = specs.some(({ name }) => !this.has(name));
    throw new CheckpointError(
      `${this.#where()} does not hold the model that config.json describes:\n  ` +
        [...faults.slice(0, SHOWN), ...more].join('\n  ') +
        (isMissing ? `\n${this.#others(specs)}` : ''),
    );
  }

  /** The other side of what is missing: what the files have that was not asked for. */
  #others(specs: readonly TensorSpec[]): string {
    const unused = this.unused(specs);
    const shown = unused.slice(0, SHOWN_NAMES).map((name) => {
      const { shape } = this.#homes.get(name)!.entries.get(name)!;
      return `${short(name)} [${shape.join(', ')}]`;
    });
    const more = unused.length > shown.length ? ` and ${unused.length - shown.length} more` : '';
    return shown.length === 0
      ? 'It has no other tensors.'
      : `In their place it has ${shown.join(', ')}${more}.`;
  }

  /** Tensors of the files that none of `specs` needs, by the names that the files have. */
  unused(specs: readonly TensorSpec[]): string[] {
    const used = new Set(specs.flatMap(({ name }) => this.#spelt(name)));
    return [...this.#homes.keys()].filter((name) => !used.has(name));
  }

  async close(): Promise<void> {
    await Promise.all(this.#files.map((file) => file.close()));
  }

  #where(): string {
    return this.#files.length === 1 ? this.#files[0]!.path : this.#directory;
  }

  #fault({ name, shape }: TensorSpec, asWeight: boolean): string[] {
    const stored = this.#stored(name);
    if (stored === undefined) return [`tensor ${name} [${shape.join(', ')}] is missing`];
    const { shape: found, dtype } = this.#homes.get(stored)!.entries.get(stored)!;
    if (found.length !== shape.length || found.some((d, at) => d !== shape[at])) {
      return [
        `tensor ${short(stored)} has shape [${short(found.join(', '))}], it must be [${shape.join(', ')}]`,
      ];
    }
    if (asWeight && !isWeightDtype(dtype)) {
      return [`tensor ${short(stored)} has dtype ${dtype}, it must be one of ${WEIGHT_DTYPES.join(', ')}`];
    }
    return [];
  }

  #stored(name: string): string | undefined {
    return this.#spelt(name).find((spelling) => this.#homes.has(spelling));
  }

  /** A head may stand beside the encoder that something is wrapped around, or in it. */
  #spelt(name: string): string[] {
    const names = spellings(name, this.#spellings);
    return this.wrapper === '' ? names : [...names.map((one) => `${this.wrapper}${one}`), ...names];
  }
}
