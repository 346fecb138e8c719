import { activityPaint } from '../../../observe/palette.js';
import type { SpanTable } from '../../../observe/span-table.js';
import { isHatched } from '../parts/legend.js';
import type { Theme } from '../parts/theme.js';
import { pixelOf } from './pixel-board.js';

/** How one kind of span is drawn. */
export interface KindPaint {
  /** Colour of its block, as `pixelOf` gives it. */
  readonly pixel: number;
  readonly text: string;
  /** Lines over the fill: waiting can be told from work without seeing colours. */
  readonly hatch: CanvasPattern | undefined;
}

/** Of what is not a span. */
export const INK = {
  light: { muted: '#5c6773', line: '#e2e5e9', paper: '#ffffff', strong: '#111820' },
  dark: { muted: '#9aa5b1', line: '#2b323b', paper: '#1a1f26', strong: '#ffffff' },
} as const satisfies Record<Theme, object>;

export function kindPaints(
  { kinds }: SpanTable,
  theme: Theme,
  context: CanvasRenderingContext2D,
): KindPaint[] {
  return kinds.map(({ activity }) => {
    const fill = activityPaint(activity)[theme];
    const hatch = isHatched(activity) ? hatchOver(context, theme) : undefined;
    return { pixel: pixelOf(fill), text: textOn(fill), hatch };
  });
}

function hatchOver(context: CanvasRenderingContext2D, theme: Theme): CanvasPattern | undefined {
  const size = 8;
  const tile = document.createElement('canvas');
  tile.width = tile.height = size;
  const pen = tile.getContext('2d');
  if (pen === null) return undefined;
  pen.strokeStyle = theme === 'light' ? 'rgb(0 0 0 / 16%)' : 'rgb(255 255 255 / 14%)';
  pen.beginPath();
  for (const offset of [-size, 0, size]) {
    pen.moveTo(offset, size);
    pen.lineTo(offset + size, 0);
  }
  pen.stroke();
  return context.createPattern(tile, 'repeat') ?? undefined;
}

/** Black or white, whichever is easier to read on a colour, by WCAG's relative luminance. */
function textOn(hex: string): string {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const channel = parseInt(hex.slice(at, at + 2), 16) / 255;
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4;
  });
  const luminance = 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  return luminance > 0.19 ? '#10151c' : '#ffffff';
}
