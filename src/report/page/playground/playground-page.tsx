import type { VNode } from 'preact';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { adviceFor, type Advice } from '../../../planning/memory-advice.js';
import type { IpuSimulation } from '../../../hardware/simulation.js';
import { bytes } from '../../../../ipu-config/base/format.js';
import { memoryBars, simulationHighlights, timeBars } from '../../data/simulation-data.js';
import { Figure } from '../parts/figure.js';
import { Highlights } from '../parts/highlights.js';
import { PageFrame } from '../parts/page-frame.js';
import { StackedBarChart } from '../parts/stacked-bar-chart.js';
import { TimelineHelp } from '../timeline/timeline-help.js';
import { TimelinePanel } from '../timeline/timeline-panel.js';
import { Warnings } from '../parts/warnings.js';
import { attempted } from './attempt.js';
import { ConfigBox } from './config-box.js';
import { LayerBoard } from './layer-board.js';
import { outcomeOf, type Outcome } from './outcome.js';
import { change, PlanBox } from './plan-box.js';
import { setupFrom, withIpus, withLayers, ipusOf, type Setup } from './setup.js';
import { SetupControls } from './setup-controls.js';
import type { PlaygroundStart } from '../../data/playground-start.js';

const SUBTITLE =
  'Drag layers between IPUs and change what you like: the simulator runs in this page, nothing is sent anywhere.';

/** Change a configuration, and see at once what it would do. */
export function Playground({ start }: { readonly start: PlaygroundStart }): VNode {
  const [setup, setSetup] = useState(() => setupFrom(start));
  const result = useMemo(() => attempted(() => outcomeOf(setup)), [setup]);
  const shown = useRef<Outcome>(undefined);
  if (typeof result !== 'string') shown.current = result;
  const outcome = shown.current;
  // Of the first picture of a configuration, until the reader chooses another.
  const [base, setBase] = useState<number>();
  useEffect(() => {
    if (typeof result !== 'string') setBase((known) => known ?? result.simulation.rates.sequencesPerSecond);
  }, [base, result]);
  return (
    <PageFrame kind="Playground" title={`${setup.model} on ${setup.system}`} subtitle={SUBTITLE}>
      <ConfigBox
        setup={setup}
        onConfig={(config) => {
          setSetup({ ...setup, ...config });
          setBase(undefined);
        }}
      />
      <SetupControls setup={setup} onSetup={setSetup} />
      {typeof result === 'string' && <Problem problem={result} setup={setup} onSetup={setSetup} />}
      {outcome && (
        <div class={typeof result === 'string' ? 'stale' : undefined}>
          <OutcomeView
            outcome={outcome}
            setup={setup}
            base={base}
            onSetup={setSetup}
            onBase={() => setBase(outcome.simulation.rates.sequencesPerSecond)}
          />
        </div>
      )}
    </PageFrame>
  );
}

function Problem(props: {
  readonly problem: string;
  readonly setup: Setup;
  readonly onSetup: (setup: Setup) => void;
}): VNode {
  const { problem, setup, onSetup } = props;
  return (
    <div class="problem" role="alert">
      <p>
        <b>This cannot run.</b> {problem}
      </p>
      <button type="button" onClick={() => onSetup(withIpus(setup, ipusOf(setup)))}>
        Spread the layers evenly
      </button>
    </div>
  );
}

function OutcomeView(props: {
  readonly outcome: Outcome;
  readonly setup: Setup;
  readonly base: number | undefined;
  readonly onSetup: (setup: Setup) => void;
  readonly onBase: () => void;
}): VNode {
  const { outcome, setup, base, onSetup, onBase } = props;
  const { simulation, run, description, table, isCut } = outcome;
  const { sequencesPerSecond } = simulation.rates;
  const [throughput, ...others] = simulationHighlights(simulation);
  const compared = base === undefined ? '' : `${change(sequencesPerSecond / base - 1)} against the base`;
  return (
    <>
      <Highlights highlights={[{ ...throughput!, note: compared }, ...others]} />
      <p class="summary" role="status">
        Bound by {simulation.boundBy}.{' '}
        <button type="button" class="small" onClick={onBase}>
          Compare with this from now on
        </button>
      </p>
      <AdviceList simulation={simulation} />
      <Warnings warnings={simulation.warnings} />
      <Figure
        title="Layers on IPUs"
        note={`One replica of ${run.replicas}. Drag a layer to another IPU, or move it with the keys ↑ and ↓.`}
      >
        <LayerBoard outcome={outcome} onLayers={(layers) => onSetup(withLayers(setup, layers))} />
        <PlanBox setup={setup} onPlan={(config) => onSetup({ ...setup, config })} />
      </Figure>
      <Figure title="Timeline">
        <TimelinePanel
          run={description}
          table={table}
          focusNs={outcome.pipelineNs}
          note={
            isCut ? 'Only the beginning of the run is drawn; the figures are those of the whole.' : undefined
          }
        />
        <TimelineHelp />
      </Figure>
      <StackedBarChart chart={memoryBars(simulation)} isLive />
      <StackedBarChart chart={timeBars(simulation)} isLive />
    </>
  );
}

/** What would help a run that does not fit. Each change is simulated, so the picture comes first. */
function AdviceList({ simulation }: { readonly simulation: IpuSimulation }): VNode | null {
  const [tried, setTried] = useState<{ readonly of: IpuSimulation; readonly advice: readonly Advice[] }>();
  useEffect(() => {
    if (simulation.fits) return;
    const timer = setTimeout(() => setTried({ of: simulation, advice: adviceFor(simulation) }), 200);
    return () => clearTimeout(timer);
  }, [simulation]);
  if (simulation.fits || tried?.of !== simulation || tried.advice.length === 0) return null;
  return (
    <div class="advice">
      <p>It does not fit. What would save memory on the fullest IPU:</p>
      <ul>
        {tried.advice.map(({ change: what, bytesSaved, fits: helps, throughputChange }) => (
          <li key={what}>
            <code>{what}</code> saves {bytes(bytesSaved)}
            {helps && ', and then it fits'}; throughput {change(throughputChange)}
          </li>
        ))}
      </ul>
    </div>
  );
}
