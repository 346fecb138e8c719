import type { VNode } from 'preact';
import { bytes, percent } from '../../../../ipu-config/base/format.js';
import { placedLayers, startsOf } from '../../playground/board.js';
import type { Outcome } from '../../playground/outcome.js';
import { clsx } from './controls.js';
import { useLayerMoves, type OnLayers } from './use-layer-moves.js';

export interface LayerBoardProps {
  readonly layers: readonly number[];
  /** Absent where the setup cannot run: then there are layers, and nothing else is known. */
  readonly outcome: Outcome | undefined;
  readonly rowHeight: number | undefined;
  /** Absent: nothing moves here. */
  readonly onLayers?: OnLayers | undefined;
}

/**
 * The layers on their IPUs. A layer is dragged to another IPU, or moved by the arrow keys, and what lies between comes
 * along. Everything follows while it is dragged.
 */
export function LayerBoard({ layers, outcome, rowHeight, onLayers }: LayerBoardProps): VNode {
  const { board, drag, moving, handlers } = useLayerMoves(layers, onLayers);
  const starts = startsOf(layers);
  const placed = placedLayers(layers, outcome);
  return (
    <>
      <ol
        ref={board}
        class={clsx(
          'board',
          drag && 'dragging',
          rowHeight === undefined && placed.length > LOOSE_ROWS && 'dense',
        )}
        aria-label="Layers on IPUs. The arrow keys up and down move a layer, and what lies between, to the IPU before or after."
        {...handlers}
      >
        {placed.map((own, ipu) => (
          <IpuRow
            key={ipu}
            {...{ outcome, ipu, rowHeight, moving, isFixed: !onLayers }}
            first={starts[ipu]!}
            layers={own}
            isTarget={drag?.to === ipu}
          />
        ))}
      </ol>
      {onLayers && (
        <p class="unseen" role="status">
          {drag && moving && moving[1] > moving[0] && `${layerNames(moving)} on IPU ${drag.to}`}
        </p>
      )}
    </>
  );
}

/** On a phone: more rows than these are lower, so that all are seen. */
const LOOSE_ROWS = 6;
/** CSS pixels: rows that are lower have no room for two lines of figures. */
const TWO_LINES = 35;

interface RowProps {
  readonly outcome: Outcome | undefined;
  readonly ipu: number;
  /** Its first place on the board. */
  readonly first: number;
  /** Their places in the model. */
  readonly layers: readonly number[];
  readonly rowHeight: number | undefined;
  /** Layers `[first, end)` that are being dragged. */
  readonly moving: readonly [number, number] | undefined;
  readonly isTarget: boolean;
  readonly isFixed: boolean;
}

function IpuRow(props: RowProps): VNode {
  const { outcome, ipu, first, layers, rowHeight, moving, isTarget, isFixed } = props;
  const own = outcome?.run.stages.filter((stage) => stage.ipu === ipu) ?? [];
  const ends = [own.some(({ embedding }) => embedding), own.some(({ head }) => head)] as const;
  const lines = Math.max(1, Math.floor(((rowHeight ?? 0) - 4) / 27));
  const perLine = Math.ceil((layers.length + Number(ends[0]) + Number(ends[1])) / lines);
  const style = rowHeight === undefined ? {} : { height: `${rowHeight}px`, '--per-line': `${perLine}` };
  return (
    <li
      data-ipu={ipu}
      class={clsx('ipu', isTarget && 'target', rowHeight !== undefined && rowHeight < TWO_LINES && 'flat')}
      style={style}
    >
      <b>IPU {ipu}</b>
      <div class="blocks">
        {ends[0] && <Part letter="E" name="embedding" />}
        {layers.map((layer, at) => (
          <button
            key={first + at}
            type="button"
            class={clsx('block', moving && first + at >= moving[0] && first + at < moving[1] && 'moving')}
            data-layer={isFixed ? undefined : first + at}
            disabled={isFixed}
            aria-label={`layer ${layer} on IPU ${ipu}`}
          >
            {layer}
          </button>
        ))}
        {ends[1] && <Part letter="H" name={`head: ${outcome!.run.model.head}`} />}
      </div>
      {outcome && <IpuFigures outcome={outcome} ipu={ipu} />}
    </li>
  );
}

function Part({ letter, name }: { readonly letter: string; readonly name: string }): VNode {
  return (
    <span class="block fixed" title={name} role="img" aria-label={name}>
      {letter}
    </span>
  );
}

function IpuFigures({ outcome, ipu }: { readonly outcome: Outcome; readonly ipu: number }): VNode {
  const memory = outcome.simulation.memory[ipu]!;
  const share = memory.totalBytes / memory.limitBytes;
  const busy = outcome.simulation.ipus[ipu]?.busyShare ?? 0;
  return (
    <span class={clsx('ipu-figures', !memory.fits && 'over')}>
      <span title={`${bytes(memory.totalBytes)} of ${bytes(memory.limitBytes)}`}>
        <i class="memory" style={{ '--share': `${Math.min(1, share)}` }} />
        <span class={memory.fits ? undefined : 'over'}>{percent(share)} memory</span>
      </span>
      <span class="computes" title="of the whole call">
        computes {percent(busy)}
      </span>
    </span>
  );
}

function layerNames([first, end]: readonly [number, number]): string {
  return end - first === 1 ? `layer ${first}` : `layers ${first} to ${end - 1}`;
}
