/**
 * An image of rows, each drawn column by column and put on a canvas at once. Tens of thousands of rectangles cost the
 * canvas far more than their pixels: here only the pixels count, and those are written in the order of memory.
 */
export class PixelBoard {
  readonly width: number;
  readonly height: number;
  readonly #image: ImageData;
  readonly #pixels: Uint32Array;
  readonly #background: Uint32Array;
  /** Of the row being drawn: the colour of each column above its split, and from it on. */
  readonly #upper: Uint32Array;
  readonly #lower: Uint32Array;
  readonly #split: Float32Array;
  /** Columns whose split is not 0: all others are the same from above to below. */
  readonly #mixed: number[] = [];

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#image = new ImageData(width, height);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
    this.#background = new Uint32Array(width);
    this.#upper = new Uint32Array(width);
    this.#lower = new Uint32Array(width);
    this.#split = new Float32Array(width);
  }

  /** Clears the board. @param lines columns of another colour, behind the rows */
  begin(paper: number, line: number, lines: readonly number[]): void {
    this.#background.fill(paper);
    for (const x of lines) if (x >= 0 && x < this.width) this.#background[x] = line;
    this.#pixels.set(this.#background);
    // Each copy doubles what is there.
    for (let filled = this.width; filled < this.#pixels.length; filled *= 2) {
      this.#pixels.copyWithin(filled, 0, filled);
    }
    this.#startRow();
  }

  /** Columns of the row. @param split share of the height, from above, that has the upper colour */
  columns(x: number, width: number, upper: number, lower: number, split: number): void {
    const right = Math.min(this.width, x + width);
    for (let at = x; at < right; at++) {
      this.#upper[at] = upper;
      this.#lower[at] = lower;
      this.#split[at] = split;
      if (split > 0) this.#mixed.push(at);
    }
  }

  /** Writes the row onto the board and starts the next. */
  endRow(top: number, height: number): void {
    const bottom = Math.min(this.height, top + height);
    for (let y = top; y < bottom; y++) {
      const share = (y - top + 0.5) / height;
      const start = y * this.width;
      this.#pixels.set(this.#lower, start);
      for (const x of this.#mixed) {
        if (share < this.#split[x]!) this.#pixels[start + x] = this.#upper[x]!;
      }
    }
    this.#startRow();
  }

  putOn(context: CanvasRenderingContext2D, y: number): void {
    context.putImageData(this.#image, 0, y);
  }

  #startRow(): void {
    this.#lower.set(this.#background);
    this.#split.fill(0);
    this.#mixed.length = 0;
  }
}

/** `#rrggbb` as a pixel: red, green, blue, opaque, low byte first, as on all machines that browsers run on. */
export function pixelOf(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
