import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { figure, milliseconds, signedPercent } from '../../../../ipu-config/base/format.js';
import { IpuConfig } from '../../../../ipu-config/ipu-config.js';
import { planConfig } from '../../../planning/plan-config.js';
import { isSame } from '../../playground/history.js';
import { attempted } from '../../playground/outcome.js';
import { LOCKSTEP, settingsOf, type Setup } from '../../playground/setup.js';
import { Select } from './controls.js';
import type { PlaygroundState } from './use-playground.js';

type Objective = 'throughput' | 'latency';

/** Finds the best split of the layers; what is planned for is PopART's lockstep pipeline. */
export function PlanBox({ state }: { readonly state: PlaygroundState }): VNode {
  const { setup, change } = state;
  const [objective, setObjective] = useState<Objective>('throughput');
  // Of the setup that it made or was asked of: of another one it would be no longer true.
  const [said, setSaid] = useState<{
    readonly text: string;
    readonly of: Setup;
    readonly isProblem?: true;
  }>();
  const [isPlanning, setPlanning] = useState(false);
  const plan = (): void => {
    setPlanning(true);
    // The button says so first: a search may take a second.
    setTimeout(() => {
      const found = attempted(() => findPlan(setup, setup.mode === 'training' ? 'throughput' : objective));
      setPlanning(false);
      if (typeof found === 'string') return setSaid({ text: found, of: setup, isProblem: true });
      const planned = { ...setup, config: found.config };
      change(planned);
      setSaid({ text: found.text, of: planned });
    }, 20);
  };
  const isTrue = said !== undefined && isSame(said.of, setup);
  return (
    <div class="plan-box">
      {setup.mode === 'inference' && (
        <Select
          label="Plan for"
          value={objective}
          choices={['throughput', 'latency']}
          onChange={setObjective}
        />
      )}
      <button type="button" class="primary" disabled={isPlanning} onClick={plan}>
        {isPlanning ? 'Planning…' : 'Plan the best split'}
      </button>
      <p class={isTrue && said.isProblem ? 'note failure' : 'note'} role="status">
        {isTrue && said.text}
      </p>
    </div>
  );
}

/** @throws IpuPipelineError that says why there is no plan */
function findPlan(setup: Setup, objective: Objective): { config: IpuConfig; text: string } {
  const { schedule: _, ...settings } = settingsOf(setup);
  const plan = planConfig(setup.config, settings, { objective });
  const { attributes, layersPerIpu, after, before, exact, evaluated, searched } = plan;
  const gain = before
    ? ` (${signedPercent(after.rates.sequencesPerSecond / before.rates.sequencesPerSecond - 1)} against before)`
    : '';
  const value =
    objective === 'latency'
      ? milliseconds(after.latencyMs)
      : `${figure(after.rates.sequencesPerSecond)} sequences/s${gain}`;
  const proof = exact
    ? `the best of all ${searched}; ${evaluated} had to be simulated for that`
    : `the best of ${evaluated} simulated of all ${searched}; there were too many to prove that none is better`;
  const lockstep = setup.schedule === LOCKSTEP ? '' : " It is the best in PopART's lockstep cycles.";
  const halves = attributes ? '' : ' It has halves of a layer on different IPUs, which no file can say.';
  return {
    config: attributes ? new IpuConfig(attributes) : setup.config,
    text: `[${layersPerIpu.join(', ')}] gives ${value}; ${proof}.${lockstep}${halves}`,
  };
}
