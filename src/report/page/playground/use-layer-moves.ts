import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { DOMAttributes } from 'preact';
import { comesAlong, ipuOfLayer, movedLayers } from '../../playground/board.js';

/** @param group changes of one are one step to undo */
export type OnLayers = (layers: readonly number[], group?: string) => void;

interface Reference<T> {
  readonly current: T | null;
}

interface Drag {
  readonly layer: number;
  readonly to: number;
  /** Before the drag: to what Escape goes back. */
  readonly layers: readonly number[];
  readonly group: string;
}

let drags = 0;

/** Moves of layers by pointer and keys. @param onLayers absent: nothing moves */
export function useLayerMoves(
  layers: readonly number[],
  onLayers: OnLayers | undefined,
): {
  readonly board: Reference<HTMLOListElement>;
  readonly drag: Drag | undefined;
  /** Layers `[first, end)` that are being dragged. */
  readonly moving: readonly [number, number] | undefined;
  readonly handlers: DOMAttributes<HTMLOListElement>;
} {
  const board = useRef<HTMLOListElement>(null);
  const [drag, setDrag] = useState<Drag>();
  const focusOn = useFocus(board);
  const end = (takeBack: boolean): void => {
    if (!drag) return;
    if (takeBack) onLayers?.(drag.layers, drag.group);
    focusOn(drag.layer);
    setDrag(undefined);
  };
  useEscape(drag !== undefined, () => end(true));
  const begin = (event: PointerEvent): void => {
    const layer = layerUnder(event);
    if (layer === undefined || event.button !== 0 || !onLayers) return;
    // Rows are drawn anew while it moves, so it is the board that holds the pointer.
    board.current!.setPointerCapture(event.pointerId);
    setDrag({ layer, to: ipuOfLayer(layers, layer), layers, group: `drag ${++drags}` });
  };
  const follow = (event: PointerEvent): void => {
    if (!drag) return;
    const to = rowAtHeight(board.current!, event.clientY);
    if (to === drag.to) return;
    setDrag({ ...drag, to });
    onLayers?.(movedLayers(drag.layers, drag.layer, to), drag.group);
  };
  const onKeyDown = (event: KeyboardEvent): void => {
    const layer = layerUnder(event);
    const step = { ArrowUp: -1, ArrowDown: 1, ArrowLeft: 0, ArrowRight: 0 }[event.key];
    if (layer === undefined || step === undefined || event.ctrlKey || event.metaKey || drag) return;
    event.preventDefault();
    if (step === 0) return focusOn(layer + (event.key === 'ArrowLeft' ? -1 : 1));
    const to = ipuOfLayer(layers, layer) + step;
    if (to < 0 || to >= layers.length) return;
    onLayers?.(movedLayers(layers, layer, to));
    focusOn(layer);
  };
  return {
    ...{ board, drag, moving: drag && comesAlong(drag.layers, drag.layer, drag.to) },
    handlers: {
      ...{ onPointerDown: begin, onPointerMove: follow, onKeyDown },
      ...{ onPointerUp: () => end(false), onPointerCancel: () => end(true) },
    },
  };
}

/** A layer that moved is another element afterwards: the keyboard stays on it. */
function useFocus(board: Reference<HTMLOListElement>): (layer: number) => void {
  const [layer, setLayer] = useState<number>();
  useLayoutEffect(() => {
    if (layer === undefined) return;
    board.current?.querySelector<HTMLElement>(`[data-layer="${layer}"]`)?.focus();
    setLayer(undefined);
  }, [layer]);
  return setLayer;
}

/** Wherever the focus is: the layer that was taken up may have been drawn anew. */
function useEscape(isOn: boolean, onEscape: () => void): void {
  const latest = useRef(onEscape);
  latest.current = onEscape;
  useEffect(() => {
    if (!isOn) return;
    const onKey = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') latest.current();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  }, [isOn]);
}

function layerUnder({ target }: Event): number | undefined {
  const layer = (target as Element).closest('[data-layer]')?.getAttribute('data-layer');
  return layer === undefined || layer === null ? undefined : Number(layer);
}

/** The row at a height, wherever across; above and below them all, the first and the last. */
function rowAtHeight(board: Element, y: number): number {
  const rows = [...board.children];
  const found = rows.findIndex((row) => y < row.getBoundingClientRect().bottom);
  return found === -1 ? rows.length - 1 : found;
}
