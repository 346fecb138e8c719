import { useLayoutEffect, useState } from 'preact/hooks';
import { AXIS_HEIGHT } from '../timeline/layout.js';

/** Narrower than this, settings are a drawer, and the timeline is below the board. As in playground.css. */
const NARROW = matchMedia('(max-width: 900px)');
export function isNarrow(): boolean {
  return NARROW.matches;
}

/** @returns how to end that */
export function watchNarrow(watcher: () => void): () => void {
  NARROW.addEventListener('change', watcher);
  return () => NARROW.removeEventListener('change', watcher);
}

/** CSS pixels of a row: less cannot be grasped, more is not worth it. */
const ROW = { least: 22, most: 64 };
/** Of a lane beside its rows: heading and legend, axis, margins. As in playground.css. */
const LANE = 48 + AXIS_HEIGHT + 28;
/** Below the lanes: the bar of time. */
const BELOW = 84;

/** Where the page has room for two things side by side, and how high rows then are. */
export function useRowHeight(
  head: { readonly current: HTMLElement | null },
  rows: number,
  lanes: number,
): number | undefined {
  const [room, setRoom] = useState<number>();
  useLayoutEffect(() => {
    const measure = (): void => {
      const { offsetHeight = 0 } = head.current ?? {};
      document.documentElement.style.setProperty('--head', `${offsetHeight}px`);
      setRoom(NARROW.matches ? undefined : innerHeight - offsetHeight - BELOW);
    };
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(head.current!);
    addEventListener('resize', measure);
    return () => {
      resized.disconnect();
      removeEventListener('resize', measure);
    };
  }, []);
  if (room === undefined) return undefined;
  const fair = Math.floor((room / lanes - LANE) / Math.max(1, rows));
  return Math.max(ROW.least, Math.min(ROW.most, fair));
}
