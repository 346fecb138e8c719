/** Resizable buffers are in Node 20, but not yet in the ES2023 library types. */
interface ResizableArrayBuffer extends ArrayBuffer {
  resize(bytes: number): void;
}
const Resizable = ArrayBuffer as unknown as new (
  bytes: number,
  options: { maxByteLength: number },
) => ResizableArrayBuffer;

/**
 * Memory for all weights of a stage on their way into ONNX Runtime, which copies them. A resizable buffer is pages
 * of its own, not a part of malloc's heap: `free` gives them back to the system at once, where thousands of smaller
 * arrays would wait for the garbage collector and then stay in the heap as holes.
 */
export class WeightMemory {
  readonly #buffer: ResizableArrayBuffer;
  #used = 0;

  /** @param bytes at least what will be added. */
  constructor(bytes: number) {
    this.#buffer = new Resizable(bytes, { maxByteLength: bytes });
  }

  /** Puts the numbers after those before. @returns where they begin, in bytes. */
  add(values: Float32Array): number {
    const offsetBytes = this.#used;
    this.#used += values.byteLength;
    new Float32Array(this.#buffer, offsetBytes, values.length).set(values);
    return offsetBytes;
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#buffer, 0, this.#used);
  }

  free(): void {
    this.#buffer.resize(0);
  }
}
