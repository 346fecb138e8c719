import { sum } from 'd3-array';
import type { VNode } from 'preact';
import { useLayoutEffect, useRef, useState } from 'preact/hooks';
import { bytes, percent } from '../../../../ipu-config/base/format.js';
import type { Outcome } from './outcome.js';
import { moved } from './setup.js';

export interface LayerBoardProps {
  readonly outcome: Outcome;
  readonly onLayers: (layers: readonly number[]) => void;
}

interface Drag {
  readonly from: number;
  readonly to: number;
  /** Before the drag: to what Escape goes back. */
  readonly layers: readonly number[];
}

/**
 * The layers on their IPUs. A layer is dragged to another IPU, or moved by the arrow keys; layers are alike and stay
 * in order, so the one that is taken up stands for any of its IPU. Everything follows while it is dragged.
 */
export function LayerBoard({ outcome, onLayers }: LayerBoardProps): VNode {
  const board = useRef<HTMLOListElement>(null);
  const [drag, setDrag] = useState<Drag>();
  const [focusOn, setFocusOn] = useState<number>();
  useLayoutEffect(() => {
    if (focusOn === undefined) return;
    board.current?.querySelector<HTMLElement>(`[data-layer="${focusOn}"]`)?.focus();
    setFocusOn(undefined);
  }, [focusOn]);

  const begin = (event: PointerEvent): void => {
    const layer = (event.target as Element).closest('[data-layer]');
    const ipu = ipuUnder(layer);
    if (ipu === undefined || event.button !== 0) return;
    // Rows are drawn anew while it moves, so it is the board that holds the pointer.
    board.current!.setPointerCapture(event.pointerId);
    setDrag({ from: ipu, to: ipu, layers: outcome.layers });
  };
  const follow = (event: PointerEvent): void => {
    const to = drag && ipuUnder(document.elementFromPoint(event.clientX, event.clientY));
    if (to === undefined || to === drag!.to) return;
    setDrag({ ...drag!, to });
    onLayers(moved(drag!.layers, drag!.from, to));
  };
  const end = (takeBack: boolean): void => {
    if (drag && takeBack) onLayers(drag.layers);
    setDrag(undefined);
  };
  const onKey = (event: KeyboardEvent): void => {
    if (event.key === 'Escape') return end(true);
    const ipu = ipuUnder((event.target as Element).closest('[data-layer]'));
    const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
    if (ipu === undefined || step === undefined) return;
    event.preventDefault();
    const to = ipu + step;
    if (to < 0 || to >= outcome.layers.length) return;
    const layers = moved(outcome.layers, ipu, to);
    onLayers(layers);
    setFocusOn(firstLayer(layers, to) + (step === 1 ? 0 : layers[to]! - 1));
  };
  return (
    <ol
      ref={board}
      class={drag ? 'board dragging' : 'board'}
      aria-label="Layers on IPUs. The arrow keys up and down move a layer to the IPU before or after."
      onPointerDown={begin}
      onPointerMove={follow}
      onPointerUp={() => end(false)}
      onPointerCancel={() => end(true)}
      onKeyDown={onKey}
    >
      {outcome.layers.map((_, ipu) => (
        <IpuRow key={ipu} outcome={outcome} ipu={ipu} isTarget={drag?.to === ipu} />
      ))}
    </ol>
  );
}

function IpuRow(props: {
  readonly outcome: Outcome;
  readonly ipu: number;
  readonly isTarget: boolean;
}): VNode {
  const { outcome, ipu, isTarget } = props;
  const { simulation, run, layers } = outcome;
  const memory = simulation.memory[ipu]!;
  const own = run.stages.filter((stage) => stage.ipu === ipu);
  const first = firstLayer(layers, ipu);
  return (
    <li data-ipu={ipu} class={isTarget ? 'ipu target' : 'ipu'}>
      <b>IPU {ipu}</b>
      <div class="blocks">
        {own.some(({ embedding }) => embedding) && <span class="block fixed">embedding</span>}
        {Array.from({ length: layers[ipu]! }, (_, at) => (
          <button
            key={at}
            type="button"
            class="block"
            data-layer={first + at}
            aria-label={`layer ${first + at} on IPU ${ipu}`}
          >
            {first + at}
          </button>
        ))}
        {own.some(({ head }) => head) && <span class="block fixed">{run.model.head}</span>}
      </div>
      <span class="ipu-figures">
        <span>computes {percent(simulation.ipus[ipu]!.busyShare)}</span>
        <span class={memory.fits ? undefined : 'over'} title={`${bytes(memory.totalBytes)} of memory`}>
          {percent(memory.totalBytes / memory.limitBytes)} memory
        </span>
      </span>
    </li>
  );
}

function firstLayer(layers: readonly number[], ipu: number): number {
  return sum(layers.slice(0, ipu));
}

function ipuUnder(element: Element | null): number | undefined {
  const row = element?.closest('[data-ipu]');
  return row ? Number(row.getAttribute('data-ipu')) : undefined;
}
