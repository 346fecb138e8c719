import type { VNode } from 'preact';
import { useEffect, useState } from 'preact/hooks';
import { bytes, signedPercent } from '../../../../ipu-config/base/format.js';
import type { IpuSimulation } from '../../../hardware/simulation.js';
import { adviceFor, type Advice, type AdviceChange } from '../../../planning/memory-advice.js';
import { withAdvice } from '../../playground/setup.js';
import type { PlaygroundState } from './use-playground.js';

/** What would help a run that does not fit, to be pressed. Each change is simulated, so the picture comes first. */
export function AdviceList(props: {
  readonly state: PlaygroundState;
  readonly simulation: IpuSimulation;
}): VNode | null {
  const { state, simulation } = props;
  const [tried, setTried] = useState<{ readonly of: IpuSimulation; readonly advice: readonly Advice[] }>();
  useEffect(() => {
    if (simulation.fits) return;
    const timer = setTimeout(() => setTried({ of: simulation, advice: adviceFor(simulation) }), 200);
    return () => clearTimeout(timer);
  }, [simulation]);
  if (simulation.fits || tried?.of !== simulation) return null;
  if (tried.advice.length === 0) return <p class="advice">No single change saves memory here.</p>;
  return (
    <div class="advice">
      <p>What saves memory on the fullest IPU:</p>
      <ul>
        {tried.advice.map(({ change, set, bytesSaved, fits, throughputChange }) => (
          <li key={change}>
            <AdviceButton state={state} set={set} text={pageText(set) ?? change} />{' '}
            <span>
              saves {bytes(bytesSaved)}, {fits ? <b>and then it fits</b> : 'not enough by itself'}; throughput{' '}
              {signedPercent(throughputChange)}
            </span>
          </li>
        ))}
      </ul>
    </div>
  );
}

function AdviceButton(props: {
  readonly state: PlaygroundState;
  readonly set: AdviceChange;
  readonly text: string;
}): VNode {
  const { state, set, text } = props;
  const notice = { text: `Set ${text}.`, saysFit: true };
  return (
    <button type="button" onClick={() => state.change(withAdvice(state.setup, set), undefined, notice)}>
      {text}
    </button>
  );
}

/** The page has a field where the command line has a flag. */
function pageText({ microBatch }: AdviceChange): string | undefined {
  return microBatch === undefined ? undefined : `Micro-batch ${microBatch}`;
}
