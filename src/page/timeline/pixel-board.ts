/**
 * An image that is filled rectangle by rectangle and put on a canvas at once. Tens of thousands of rectangles cost the
 * canvas far more than their pixels: here only the pixels count.
 */
export class PixelBoard {
  readonly width: number;
  readonly height: number;
  readonly #image: ImageData;
  readonly #pixels: Uint32Array;

  constructor(width: number, height: number) {
    this.width = width;
    this.height = height;
    this.#image = new ImageData(width, height);
    this.#pixels = new Uint32Array(this.#image.data.buffer);
  }

  clear(colour: number): void {
    this.#pixels.fill(colour);
  }

  /** Whole pixels within the board. @param colour of `pixelOf` */
  fill(x: number, y: number, width: number, height: number, colour: number): void {
    const right = Math.min(this.width, x + width);
    const bottom = Math.min(this.height, y + height);
    for (let row = y; row < bottom; row++) {
      const start = row * this.width;
      // A loop is faster than a call for the one or two pixels that most rectangles are wide.
      if (right - x > 8) this.#pixels.fill(colour, start + x, start + right);
      else for (let at = start + x; at < start + right; at++) this.#pixels[at] = colour;
    }
  }

  putOn(context: CanvasRenderingContext2D, y: number): void {
    context.putImageData(this.#image, 0, y);
  }
}

/** `#rrggbb` as a pixel: bytes red, green, blue, opaque, on machines whose low byte comes first (all that browsers run on). */
export function pixelOf(hex: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}
