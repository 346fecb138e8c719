import type { VNode } from 'preact';
import type { IpuSimulation } from '../../../hardware/simulation.js';
import { simulationHighlights } from '../../data/simulation-data.js';
import { changeOf } from '../../playground/compared.js';
import { clsx } from './controls.js';

/** What is looked for first stands first: a phone has room for three. */
const ORDER = ['throughput', 'memory', 'bubble'];
const LABELS = ['throughput', 'memory', 'bubble', 'time', 'utilisation'];

export interface FigureStripProps {
  /** Absent: the setup cannot run, and there are no figures. */
  readonly simulation: IpuSimulation | undefined;
  /** What is compared with; absent where that cannot run either. */
  readonly kept: IpuSimulation | undefined;
  readonly keptName: string;
}

/** The figures of the setup as it is now; none of another. */
export function FigureStrip({ simulation, kept, keptName }: FigureStripProps): VNode {
  if (!simulation) return <NoFigures />;
  const place = (label: string): number => (ORDER.includes(label) ? ORDER.indexOf(label) : ORDER.length);
  const figures = simulationHighlights(simulation).sort((a, b) => place(a.label) - place(b.label));
  return (
    <dl class={clsx('highlights', !simulation.fits && 'unfit')}>
      {figures.map(({ label, value, note }) => {
        const change = kept && changeOf(label, kept, simulation);
        const isMemory = label === 'memory';
        return (
          <div key={label} class={isMemory && !simulation.fits ? 'alarm' : undefined}>
            <dt>{label}</dt>
            <dd title={note}>
              <span>
                {simulation.fits || isMemory ? <b>{value}</b> : <s title="if memory were enough">{value}</s>}
                {change !== undefined && <small title={`against ${keptName}`}> {change}</small>}
              </span>
              <small>{note}</small>
            </dd>
          </div>
        );
      })}
    </dl>
  );
}

function NoFigures(): VNode {
  return (
    <dl class="highlights stale">
      {LABELS.map((label) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>
            <span class="none">–</span>
            <small>this cannot run</small>
          </dd>
        </div>
      ))}
    </dl>
  );
}
