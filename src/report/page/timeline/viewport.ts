/** The stretch of time that a timeline shows. */
export interface Viewport {
  readonly fromNs: number;
  readonly toNs: number;
}

/** Closer than this there is nothing to see. */
const SHORTEST_NS = 20;

/** Moves a viewport into the run, and keeps its length where it fits. */
export function within({ fromNs, toNs }: Viewport, endNs: number): Viewport {
  const whole = Math.max(endNs, 1);
  const length = Math.min(whole, Math.max(toNs - fromNs, Math.min(SHORTEST_NS, whole)));
  const from = Math.min(Math.max(0, fromNs), whole - length);
  return { fromNs: from, toNs: from + length };
}

/** @param share of the length, to the right */
export function panned({ fromNs, toNs }: Viewport, share: number): Viewport {
  const by = (toNs - fromNs) * share;
  return { fromNs: fromNs + by, toNs: toNs + by };
}

/** @param factor above 1 comes closer @param atNs stays where it is */
export function zoomed({ fromNs, toNs }: Viewport, factor: number, atNs: number): Viewport {
  return { fromNs: atNs - (atNs - fromNs) / factor, toNs: atNs + (toNs - atNs) / factor };
}
