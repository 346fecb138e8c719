import type { VNode } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { endOf } from '../../../observe/span-table.js';
import { memoryBars, timeBars } from '../../data/simulation-data.js';
import { boardLayers } from '../../playground/board.js';
import { attempted, outcomeOf, type Outcome } from '../../playground/outcome.js';
import type { PlaygroundStart } from '../../playground/playground-start.js';
import { withLayers } from '../../playground/setup.js';
import { StackedBarChart } from '../parts/stacked-bar-chart.js';
import { Warnings } from '../parts/warnings.js';
import { TimelineHelp } from '../timeline/timeline-help.js';
import { AdviceList } from './advice-list.js';
import { Comparison } from './comparison.js';
import { FigureStrip } from './figure-strip.js';
import { FileDrop } from './file-drop.js';
import { Lane } from './lane.js';
import { SettingsPanel } from './settings-panel.js';
import { StatusLine } from './status-line.js';
import { TimeBar } from './time-bar.js';
import { TopBar } from './top-bar.js';
import { usePlayground, type PlaygroundState } from './use-playground.js';
import { useRowHeight } from './use-room.js';

/** Change a configuration, and see at once what it would do. */
export function Playground({ start }: { readonly start: PlaygroundStart }): VNode {
  const state = usePlayground(start);
  const { result, bad, isComparing } = state;
  const [areSettingsOpen, openSettings] = useState(false);
  const head = useRef<HTMLDivElement>(null);
  const [wrong] = Object.values(bad);
  const problem = wrong ?? (typeof result === 'string' ? result : undefined);
  const outcome = typeof result === 'string' || problem !== undefined ? undefined : result;
  const kept = useMemo(() => attempted(() => outcomeOf(state.kept)), [state.kept]);
  const keptOutcome = typeof kept === 'string' ? undefined : kept;
  return (
    <>
      <div class="head" ref={head}>
        <TopBar
          state={state}
          areSettingsOpen={areSettingsOpen}
          onSettings={() => openSettings(!areSettingsOpen)}
        />
        <FigureStrip
          simulation={outcome?.simulation}
          kept={keptOutcome?.simulation}
          keptName={isComparing ? 'the kept one' : 'the first'}
        />
        <StatusLine state={state} problem={problem} outcome={outcome} />
      </div>
      <div class="body">
        <SettingsPanel state={state} isOpen={areSettingsOpen} onClose={() => openSettings(false)} />
        <div class="stage">
          <Lanes state={state} outcome={outcome} kept={keptOutcome} head={head} />
          {outcome && <TimeBar outcome={outcome} />}
          {outcome && <AdviceList state={state} simulation={outcome.simulation} />}
          {isComparing && <Comparison state={state} kept={kept} now={outcome} />}
          {outcome && <Details outcome={outcome} />}
        </div>
      </div>
      <FileDrop onFiles={state.open} />
    </>
  );
}

function Lanes(props: {
  readonly state: PlaygroundState;
  readonly outcome: Outcome | undefined;
  readonly kept: Outcome | undefined;
  readonly head: { readonly current: HTMLElement | null };
}): VNode {
  const { state, outcome, kept, head } = props;
  const { setup, isComparing, attempt } = state;
  const last = useRef<Outcome>(undefined);
  if (outcome) last.current = outcome;
  const layers = boardLayers(setup, outcome);
  const keptLayers = boardLayers(state.kept, kept);
  const rows = Math.max(layers?.length ?? 0, isComparing ? (keptLayers?.length ?? 0) : 0);
  const rowHeight = useRowHeight(head, rows, isComparing ? 2 : 1);
  // One scale of time for both.
  const untilNs = isComparing ? Math.max(endNs(kept), endNs(last.current)) : undefined;
  return (
    <>
      <Lane
        title={isComparing ? 'Now' : 'Layers on IPUs, and their time'}
        {...{ layers, outcome, untilNs, rowHeight }}
        drawn={last.current}
        onLayers={(moved, group) => attempt(() => withLayers(setup, moved), group)}
      />
      {isComparing && (
        <Lane title="Kept" layers={keptLayers} outcome={kept} drawn={kept} {...{ untilNs, rowHeight }} />
      )}
    </>
  );
}

function endNs(outcome: Outcome | undefined): number {
  return outcome ? endOf(outcome.table) : 0;
}

/** What is worth knowing, but not all the time. */
function Details({ outcome }: { readonly outcome: Outcome }): VNode {
  const { simulation, isCut, run } = outcome;
  const [isPainted, setPainted] = useState(false);
  // The first picture does not wait for them.
  useEffect(() => void setTimeout(() => setPainted(true)), []);
  const updates = run.mode === 'training' ? run.deviceIterations : 1;
  return (
    <div class="details">
      {isCut && (
        <p class="note">Only the beginning of the run is drawn; the figures are those of the whole.</p>
      )}
      {updates > 1 && (
        <p class="note">
          Drawn is one of {updates} weight updates of a call, with its share of the host’s time.
        </p>
      )}
      <TimelineHelp />
      <Warnings warnings={simulation.warnings} />
      {isPainted && (
        <>
          <StackedBarChart chart={memoryBars(simulation)} isLive />
          <StackedBarChart chart={timeBars(simulation)} isLive />
        </>
      )}
      <p class="note">The simulator runs in this page: it needs no network, and sends nothing anywhere.</p>
    </div>
  );
}
