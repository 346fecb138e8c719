import type { VNode } from 'preact';
import { useState } from 'preact/hooks';
import { IpuConfig } from '../../../../ipu-config/ipu-config.js';
import { planConfig } from '../../../planning/plan-config.js';
import { figure, milliseconds } from '../../../../ipu-config/base/format.js';
import { attempted } from './attempt.js';
import { Select } from './controls.js';
import { LOCKSTEP, settingsOf, type Setup } from './setup.js';

type Objective = 'throughput' | 'latency';

export interface PlanBoxProps {
  readonly setup: Setup;
  readonly onPlan: (config: IpuConfig) => void;
}

/** Finds the best split of the layers; what is planned for is PopART's lockstep pipeline. */
export function PlanBox({ setup, onPlan }: PlanBoxProps): VNode {
  const [objective, setObjective] = useState<Objective>('throughput');
  const [said, setSaid] = useState<{ readonly text: string; readonly isProblem?: boolean }>();
  const [isPlanning, setPlanning] = useState(false);
  const plan = (): void => {
    setPlanning(true);
    // The button says so first: a search may take a second.
    setTimeout(() => {
      const found = attempted(() => findPlan(setup, setup.mode === 'training' ? 'throughput' : objective));
      if (typeof found === 'string') setSaid({ text: found, isProblem: true });
      else {
        setSaid({ text: found.text });
        onPlan(found.config);
      }
      setPlanning(false);
    }, 20);
  };
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
      <p class={said?.isProblem ? 'note failure' : 'note'} role="status">
        {said?.text}
      </p>
    </div>
  );
}

/** @throws IpuPipelineError that says why there is no plan */
function findPlan(setup: Setup, objective: Objective): { config: IpuConfig; text: string } {
  const { schedule: _, ...settings } = settingsOf(setup);
  const { attributes, layersPerIpu, after, before, exact, evaluated, searched } = planConfig(
    setup.config,
    settings,
    {
      objective,
    },
  );
  const gain = before
    ? ` (${change(after.rates.sequencesPerSecond / before.rates.sequencesPerSecond - 1)} against before)`
    : '';
  const value =
    objective === 'latency'
      ? milliseconds(after.latencyMs)
      : `${figure(after.rates.sequencesPerSecond)} sequences/s${gain}`;
  const proof = exact
    ? `the best of all ${searched}; ${evaluated} had to be simulated for that`
    : `the best of ${evaluated} simulated of all ${searched}; there were too many to prove that none is better`;
  const lockstep = setup.schedule === LOCKSTEP ? '' : " It is the best in PopART's lockstep cycles.";
  return {
    config: new IpuConfig(attributes),
    text: `[${layersPerIpu.join(', ')}] gives ${value}; ${proof}.${lockstep}`,
  };
}

/** `+3.2 %` */
export function change(share: number): string {
  const percent = share * 100;
  const text = Math.abs(percent) < 0.05 ? '0' : percent.toFixed(1);
  return `${percent > 0 && text !== '0' ? '+' : ''}${text.replace('-', '−')} %`;
}
