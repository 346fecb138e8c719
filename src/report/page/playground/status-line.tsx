import type { VNode } from 'preact';
import { memoryProblem, type Outcome } from '../../playground/outcome.js';
import { ipusOf, withIpus } from '../../playground/setup.js';
import type { PlaygroundState } from './use-playground.js';

/** One line that is always there: what bounds the run, or why there is none. */
export function StatusLine(props: {
  readonly state: PlaygroundState;
  readonly problem: string | undefined;
  readonly outcome: Outcome | undefined;
}): VNode {
  const { state, problem, outcome } = props;
  const full = outcome && memoryProblem(outcome.simulation);
  if (problem === undefined && full === undefined) {
    return (
      <p class="status-line" role="status">
        {outcome && `Bound by ${outcome.simulation.boundBy}.`} <Notice state={state} outcome={outcome} />
      </p>
    );
  }
  return (
    <div class="status-line problem" role="alert">
      <p>
        <b>This cannot run.</b> {problem ?? full} <Notice state={state} outcome={outcome} />
      </p>
      {problem !== undefined && <WayOut state={state} />}
    </div>
  );
}

/** Where fields are bad, they go back to the setup; else it is the setup that is wrong, most often its layers. */
function WayOut({ state }: { readonly state: PlaygroundState }): VNode {
  const { setup, bad, attempt, reset } = state;
  return Object.keys(bad).length > 0 ? (
    <button type="button" onClick={reset}>
      Back to what it was
    </button>
  ) : (
    <button type="button" onClick={() => attempt(() => withIpus(setup, ipusOf(setup)))}>
      Spread the layers evenly
    </button>
  );
}

/** What was done or refused last. */
function Notice(props: {
  readonly state: PlaygroundState;
  readonly outcome: Outcome | undefined;
}): VNode | null {
  const { notice } = props.state;
  if (!notice) return null;
  const fit =
    notice.saysFit && props.outcome
      ? props.outcome.simulation.fits
        ? ' It fits now.'
        : ' It still does not fit.'
      : '';
  return <span class={notice.isRefusal ? 'notice failure' : 'notice'}>{`${notice.text}${fit}`}</span>;
}
