import { CheckpointError } from '../../ipu-config/base/checkpoint-error.js';
import { DTYPES } from '../../ipu-config/base/dtypes.js';
import { short } from '../../ipu-config/base/json-text.js';
import type { Dtype } from './dtype.js';
import { PickleDict, PickleExtra, PickleGlobal, type PickleRules } from './pickle-values.js';
import { elementsOf } from '../../ipu-config/base/tensor-spec.js';

/** torch's classes of typed memory. */
const STORAGES: Readonly<Record<string, Dtype>> = Object.fromEntries(
  Object.values(DTYPES).flatMap((row) => ('torch' in row ? [[`torch.${row.torch}`, row.safetensors]] : [])),
);

/** What stands beside tensors in checkpoints of training runs, and torch's own weights-only loader takes too. */
const HARMLESS: ReadonlySet<string> = new Set([
  ...['builtins', '__builtin__'].flatMap((module) =>
    ['set', 'frozenset', 'bytearray', 'complex'].map((name) => `${module}.${name}`),
  ),
  ...['collections.Counter', '_codecs.encode', 'torch.Size', 'torch.device'],
  'torch.serialization._get_layout',
]);
const DTYPE =
  /^torch\.(?:b?float\w*|double|half|u?int\d+|long|short|bool|complex\d+|cfloat|cdouble|q?u?int\d+|bits\w+)$/;

/** Whether a Python name only makes values that nobody looks at here. */
function isHarmless(name: string): boolean {
  return HARMLESS.has(name) || DTYPE.test(name);
}

/** A piece of memory that tensors look at; its bytes lie outside of the pickle. */
export interface TorchStorage {
  readonly key: string;
  readonly dtype: Dtype;
  readonly elements: number;
}

/** A view on a storage: element `[i, j, …]` is at `offset + i * stride[0] + j * stride[1] + …`. */
export interface TorchTensor {
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];
}

/** torch's own limit. */
const MOST_AXES = 64;

class Tensor implements TorchTensor {
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly stride: readonly number[];

  constructor({ storage, offset, shape, stride }: TorchTensor) {
    this.storage = storage;
    this.offset = offset;
    this.shape = shape;
    this.stride = stride;
  }
}

class Storage implements TorchStorage {
  readonly key: string;
  readonly dtype: Dtype;
  readonly elements: number;

  constructor(key: string, dtype: Dtype, elements: number) {
    this.key = key;
    this.dtype = dtype;
    this.elements = elements;
  }
}

/** What torch.save writes for a dict of tensors, and nothing else. */
export class TorchRules implements PickleRules {
  /** Every storage that was named, by its key. */
  readonly storages = new Map<string, TorchStorage>();
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  allows({ name }: PickleGlobal): boolean {
    return Object.hasOwn(STORAGES, name) || Object.hasOwn(this.#calls, name) || isHarmless(name);
  }

  call({ name }: PickleGlobal, args: readonly unknown[]): unknown {
    const run = Object.hasOwn(this.#calls, name) ? this.#calls[name] : undefined;
    if (run) return run(args);
    if (isHarmless(name)) return new PickleExtra();
    throw this.#wrong(`it calls ${name}`);
  }

  persistent(id: unknown): TorchStorage {
    const [kind, type, key, , elements, view] = Array.isArray(id) ? (id as unknown[]) : [];
    const dtype = type instanceof PickleGlobal ? STORAGES[type.name] : undefined;
    if (kind !== 'storage' || dtype === undefined || !isCount(elements) || !isKey(key)) {
      throw this.#wrong('it names memory in a form that torch does not write');
    }
    if (view !== undefined && view !== null) {
      throw this.#wrong(
        'it has views of storages, as torch before 0.4 wrote them; save it again with a newer torch',
      );
    }
    const known = this.storages.get(String(key));
    if (known && (known.dtype !== dtype || known.elements !== elements)) {
      throw this.#wrong(`it names storage ${short(String(key))} twice, with different types or sizes`);
    }
    const storage = known ?? new Storage(String(key), dtype, elements);
    this.storages.set(storage.key, storage);
    return storage;
  }

  readonly #calls: Readonly<Record<string, (args: readonly unknown[]) => unknown>> = {
    'collections.OrderedDict': (args) => this.#dict(args),
    'torch._utils._rebuild_tensor': (args) => this.#tensor(args),
    'torch._utils._rebuild_tensor_v2': (args) => this.#tensor(args),
    'torch._utils._rebuild_parameter': ([data]) => data,
    'torch._utils._rebuild_parameter_with_state': ([data]) => data,
  };

  #dict([pairs]: readonly unknown[]): PickleDict {
    const dict = new PickleDict();
    if (pairs === undefined) return dict;
    if (!Array.isArray(pairs)) throw this.#wrong('it makes an OrderedDict of what is no list of pairs');
    for (const pair of pairs as unknown[]) {
      if (!Array.isArray(pair) || pair.length !== 2)
        throw this.#wrong('it makes an OrderedDict of what is no list of pairs');
      dict.set(pair[0], pair[1]);
    }
    return dict;
  }

  #tensor([storage, offset, shape, stride]: readonly unknown[]): Tensor {
    if (!(storage instanceof Storage) || !isCount(offset) || !isCounts(shape) || !isCounts(stride)) {
      throw this.#wrong('it makes a tensor of what are no storage, offset, shape and stride');
    }
    const elements = elementsOf(shape);
    const last = shape.reduce((sum, size, axis) => sum + (size - 1) * (stride[axis] ?? 0), offset);
    const fits = elements === 0 || (last < storage.elements && elements <= storage.elements);
    if (shape.length !== stride.length || !fits) {
      throw this.#wrong(
        `it has a tensor of shape [${shape.join(', ')}], stride [${stride.join(', ')}] and offset ${offset} in a ` +
          `storage of ${storage.elements} elements, which it does not fit`,
      );
    }
    return new Tensor({ storage, offset, shape, stride });
  }

  #wrong(fault: string): CheckpointError {
    return new CheckpointError(`${this.#path} cannot be read as a torch checkpoint: ${fault}.`);
  }
}

/**
 * The tensors of a state dict, by name; entries that are none are left out.
 * @throws CheckpointError when the value is no dict that has tensors
 */
export function stateTensors(path: string, value: unknown): Map<string, TorchTensor> {
  const pairs = value instanceof PickleDict ? [...value.entries] : [];
  const tensors = new Map<string, TorchTensor>();
  for (const [name, entry] of pairs) {
    if (typeof name === 'string' && entry instanceof Tensor) tensors.set(name, entry);
  }
  if (tensors.size > 0) return tensors;
  const keys = pairs.slice(0, 5).map(([name]) => (isKey(name) ? short(String(name)) : 'one that is no text'));
  const what =
    value instanceof PickleDict ? `a dict with the keys ${keys.join(', ') || '(none)'}` : 'no dict';
  throw new CheckpointError(
    `${path} holds ${what}, but no tensors by name: save the model's state_dict() alone, with save_pretrained.`,
  );
}

/** Whether the elements lie one after another, row by row. */
export function isDense({ shape, stride }: TorchTensor): boolean {
  let expected = 1;
  for (let axis = shape.length - 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && stride[axis] !== expected) return false;
    expected *= shape[axis]!;
  }
  return true;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.length <= MOST_AXES && value.every(isCount);
}

function isKey(value: unknown): value is string | number {
  return typeof value === 'string' || typeof value === 'number';
}
