import onnxProto from 'onnx-proto';
import { DTYPES } from '../../../ipu-config/base/dtypes.js';
import type { WeightPlace } from '../../weights/weights.js';
import type { WeightMemory } from './weight-memory.js';

const { onnx } = onnxProto;

/** Which tensors an ONNX value may have here. */
export type ElementType = 'float32' | 'int32' | 'int64';

/** Opset of the standard domain: the first with LayerNormalization. */
const OPSET = 17;
const IR_VERSION = 8;
const CONTRIB = 'com.microsoft';

type Attributes = Readonly<
  Record<string, { readonly int: number } | { readonly float: number } | { readonly ints: readonly number[] }>
>;

/** Under this name the protobuf refers to the memory that holds its weights. */
export const WEIGHTS = 'weights';

/** Below this many elements a constant lies in the protobuf itself. */
const INLINE_ELEMENTS = 64;

/**
 * Builds one ONNX graph in memory. Weights stay outside of the protobuf, so that nothing copies them on the way
 * and no 2 GB limit applies.
 */
export class GraphBuilder {
  readonly #nodes: onnxProto.onnx.INodeProto[] = [];
  readonly #initializers: onnxProto.onnx.ITensorProto[] = [];
  readonly #inputs: onnxProto.onnx.IValueInfoProto[] = [];
  readonly #outputs: onnxProto.onnx.IValueInfoProto[] = [];
  readonly #memory: WeightMemory | undefined;
  #values = 0;

  /** @param memory for weights that are handed over beside the protobuf; without it they lie in the protobuf. */
  constructor(memory: WeightMemory | undefined) {
    this.#memory = memory;
  }

  /** Dimensions that are strings are free: `batch`, `sequence`. */
  input(name: string, type: ElementType, shape: readonly (number | string)[]): string {
    this.#inputs.push(valueInfo(name, type, shape));
    return name;
  }

  output(value: string, name: string, type: ElementType, shape: readonly (number | string)[]): void {
    this.#nodes.push({ opType: 'Identity', input: [value], output: [name], name });
    this.#outputs.push(valueInfo(name, type, shape));
  }

  weight(name: string, shape: readonly number[], values: Float32Array): string {
    const initializer = { name, dims: [...shape], dataType: DTYPES.float32.onnx };
    if (!this.#memory || values.length <= INLINE_ELEMENTS) {
      const rawData = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
      this.#initializers.push({ ...initializer, rawData });
    } else {
      this.#external(initializer, WEIGHTS, this.#memory.add(values), values.byteLength);
    }
    return name;
  }

  /** A weight that ONNX Runtime maps from a file itself; `location` is the file's name in the folder it is told. */
  mapped(name: string, shape: readonly number[], location: string, place: WeightPlace): string {
    const initializer = { name, dims: [...shape], dataType: DTYPES.float32.onnx };
    this.#external(initializer, location, place.offsetBytes, place.bytes);
    return name;
  }

  /** A number that is the same for every element. */
  float32(value: number): string {
    const name = this.#next('const');
    const rawData = new Uint8Array(Float32Array.of(value).buffer);
    this.#initializers.push({ name, dims: [], dataType: DTYPES.float32.onnx, rawData });
    return name;
  }

  int64s(values: readonly number[]): string {
    const name = this.#next('const');
    const rawData = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    this.#initializers.push({ name, dims: [values.length], dataType: DTYPES.int64.onnx, rawData });
    return name;
  }

  /** A node of the standard domain with one output. */
  node(opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.#add(opType, '', inputs, attributes);
  }

  /** A node of ONNX Runtime's own domain (contrib operators). */
  contrib(opType: string, inputs: readonly string[], attributes: Attributes = {}): string {
    return this.#add(opType, CONTRIB, inputs, attributes);
  }

  /** The graph as protobuf. */
  build(name: string): Uint8Array {
    const graph = {
      name,
      node: this.#nodes,
      initializer: this.#initializers,
      input: this.#inputs,
      output: this.#outputs,
    };
    const opsetImport = [
      { domain: '', version: OPSET },
      { domain: CONTRIB, version: 1 },
    ];
    return onnx.ModelProto.encode({ irVersion: IR_VERSION, opsetImport, graph }).finish();
  }

  #external(
    initializer: onnxProto.onnx.ITensorProto,
    location: string,
    offsetBytes: number,
    bytes: number,
  ): void {
    const where = { location, offset: String(offsetBytes), length: String(bytes) };
    this.#initializers.push({
      ...initializer,
      dataLocation: onnx.TensorProto.DataLocation.EXTERNAL,
      externalData: Object.entries(where).map(([key, value]) => ({ key, value })),
    });
  }

  #add(opType: string, domain: string, inputs: readonly string[], attributes: Attributes): string {
    const output = this.#next(opType);
    this.#nodes.push({
      opType,
      domain,
      name: output,
      input: [...inputs],
      output: [output],
      attribute: Object.entries(attributes).map(([name, value]) => attribute(name, value)),
    });
    return output;
  }

  #next(stem: string): string {
    return `${stem}_${this.#values++}`;
  }
}

function attribute(name: string, value: Attributes[string]): onnxProto.onnx.IAttributeProto {
  const { AttributeType } = onnx.AttributeProto;
  if ('int' in value) return { name, type: AttributeType.INT, i: value.int };
  if ('float' in value) return { name, type: AttributeType.FLOAT, f: value.float };
  return { name, type: AttributeType.INTS, ints: [...value.ints] };
}

function valueInfo(
  name: string,
  type: ElementType,
  shape: readonly (number | string)[],
): onnxProto.onnx.IValueInfoProto {
  const dim = shape.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: DTYPES[type].onnx, shape: { dim } } } };
}
