import type { VNode } from 'preact';
import { TimelinePanel } from '../timeline/timeline-panel.js';
import { clsx } from './controls.js';
import { LayerBoard, type LayerBoardProps } from './layer-board.js';
import type { Outcome } from '../../playground/outcome.js';

export interface LaneProps {
  readonly title: string;
  /** Absent: they cannot be drawn. */
  readonly layers: readonly number[] | undefined;
  /** Absent: the setup cannot run. */
  readonly outcome: Outcome | undefined;
  /** The last picture that there was, which is dimmed where the setup cannot run. */
  readonly drawn: Outcome | undefined;
  readonly untilNs: number | undefined;
  /** CSS pixels of a row of board and timeline side by side; absent where one is above the other. */
  readonly rowHeight: number | undefined;
  readonly onLayers?: LayerBoardProps['onLayers'];
}

/** A setup: its IPUs with their layers, and beside each what it does in time. */
export function Lane(props: LaneProps): VNode {
  const { title, layers, outcome, drawn, untilNs, rowHeight, onLayers } = props;
  const isUnfit = outcome !== undefined && !outcome.simulation.fits;
  return (
    <section class={clsx('lane', rowHeight === undefined && 'narrow', isUnfit && 'unfit')} aria-label={title}>
      <div class="board-head">
        <h2>{title}</h2>
        <small>{outcome && replicas(outcome)}</small>
      </div>
      <div class="board-body">
        {layers ? (
          <LayerBoard layers={layers} outcome={outcome} rowHeight={rowHeight} onLayers={onLayers} />
        ) : (
          <p class="note">The layers cannot be drawn as the file has them.</p>
        )}
      </div>
      {drawn ? (
        <div
          class={clsx('time', (outcome === undefined || isUnfit) && 'stale')}
          inert={outcome === undefined}
        >
          <TimelinePanel
            run={drawn.description}
            table={drawn.table}
            untilNs={untilNs}
            rowHeight={rowHeight ?? narrowRow(drawn.table.rows.length)}
          />
        </div>
      ) : (
        <p class="note time">There is no timeline: this cannot run.</p>
      )}
    </section>
  );
}

function replicas({ run }: Outcome): string {
  return run.replicas === 1 ? '1 replica' : `one of ${run.replicas} replicas`;
}

/** On a phone all IPUs should be seen at once. */
function narrowRow(rows: number): number {
  return Math.max(6, Math.min(24, Math.floor(150 / rows)));
}
