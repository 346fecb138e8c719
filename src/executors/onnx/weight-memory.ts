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

  /** @param bytes at least what will be taken. */
  constructor(bytes: number) {
    this.#buffer = new Resizable(bytes, { maxByteLength: bytes });
  }

  /** Room for so many numbers, beginning at `offsetBytes` of the whole. */
  take(elements: number): { values: Float32Array; offsetBytes: number } {
    const offsetBytes = this.#used;
    this.#used += elements * Float32Array.BYTES_PER_ELEMENT;
    return { values: new Float32Array(this.#buffer, offsetBytes, elements), offsetBytes };
  }

  get bytes(): Uint8Array {
    return new Uint8Array(this.#buffer, 0, this.#used);
  }

  /** Afterwards every array that was taken is empty. */
  free(): void {
    this.#buffer.resize(0);
  }
}
