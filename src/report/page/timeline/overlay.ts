import type { SpanRow, SpanTable } from '../../../observe/span-table.js';
import { currentTheme } from '../parts/theme.js';
import { heightOf, type Layout } from './layout.js';
import { INK } from './paints.js';
import type { Viewport } from './viewport.js';

/** A span that the reader looks at. */
export interface Selection {
  readonly row: number;
  readonly span: number;
}

/** Outlines the chosen span and follows its micro-batch through the stages. */
export function drawOverlay(
  context: CanvasRenderingContext2D,
  table: SpanTable,
  layout: Layout,
  viewport: Viewport,
  selection: Selection | undefined,
): void {
  const ratio = layout.pixelRatio;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, layout.width, heightOf(layout));
  const chosen = selection && table.rows[selection.row];
  if (selection === undefined || chosen === undefined) return;
  context.strokeStyle = INK[currentTheme()].strong;
  followMicroBatch(context, table, layout, viewport, { row: chosen, at: selection.span });
  context.lineWidth = 2;
  outline(context, layout, viewport, chosen, selection);
}

/** A line through the passes of a micro-batch, in order of time: forward and, in training, back again. */
function followMicroBatch(
  context: CanvasRenderingContext2D,
  table: SpanTable,
  layout: Layout,
  viewport: Viewport,
  { row: chosen, at: chosenAt }: { row: SpanRow; at: number },
): void {
  const microBatch = chosen.microBatch[chosenAt]!;
  if (microBatch < 0) return;
  const steps = table.rows.flatMap((row, index) => {
    return row.replica === chosen.replica ? passesOf(table, row, index, microBatch) : [];
  });
  // A number may come again in a later call: then only the one pass through the stages around the chosen span counts.
  const chain = nearestChain(steps, chosen.startNs[chosenAt]!);
  const scale = layout.width / (viewport.toNs - viewport.fromNs);
  context.lineWidth = 1;
  context.globalAlpha = 0.75;
  context.beginPath();
  chain.forEach(({ startNs, endNs, row }, index) => {
    const y = layout.axisHeight + (row + 0.85) * layout.rowHeight;
    const [left, right] = [(startNs - viewport.fromNs) * scale, (endNs - viewport.fromNs) * scale];
    if (index === 0) context.moveTo(left, y);
    else context.lineTo(left, y);
    context.lineTo(right, y);
  });
  context.stroke();
  context.globalAlpha = 1;
}

interface Pass {
  readonly key: string;
  readonly row: number;
  readonly startNs: number;
  readonly endNs: number;
}

function passesOf({ kinds }: SpanTable, row: SpanRow, index: number, microBatch: number): Pass[] {
  const passes: Pass[] = [];
  for (let at = 0; at < row.kind.length; at++) {
    if (row.microBatch[at] !== microBatch) continue;
    const { kind, activity } = kinds[row.kind[at]!]!;
    if (kind !== 'action') continue;
    const key = `${activity} ${row.stage[at]}`;
    passes.push({ key, row: index, startNs: row.startNs[at]!, endNs: row.endNs[at]! });
  }
  return passes;
}

/** Between two passes with the same key a new round begins. */
function nearestChain(passes: readonly Pass[], aroundNs: number): Pass[] {
  const sorted = [...passes].sort((a, b) => a.startNs - b.startNs);
  let round: Pass[] = [];
  let seen = new Set<string>();
  for (const pass of sorted) {
    if (seen.has(pass.key)) {
      if (pass.startNs > aroundNs) break;
      round = [];
      seen = new Set();
    }
    seen.add(pass.key);
    round.push(pass);
  }
  return round;
}

function outline(
  context: CanvasRenderingContext2D,
  layout: Layout,
  { fromNs, toNs }: Viewport,
  row: SpanRow,
  { row: index, span }: Selection,
): void {
  const scale = layout.width / (toNs - fromNs);
  const left = Math.max(-4, (row.startNs[span]! - fromNs) * scale);
  const right = Math.min(layout.width + 4, (row.endNs[span]! - fromNs) * scale);
  const top = layout.axisHeight + index * layout.rowHeight + 1;
  context.strokeRect(left, top, Math.max(2, right - left), layout.rowHeight - 1);
}
