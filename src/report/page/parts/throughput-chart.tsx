import type { VNode } from 'preact';
import { figure } from '../../../../ipu-config/base/format.js';
import { seriesPaint } from '../../../observe/palette.js';
import type { Throughput } from '../../data/report-data.js';
import { Figure } from './figure.js';
import { themed } from './legend.js';

/** Sequences per second of each run, and how many times the base that is. */
export function ThroughputChart({ runs }: { readonly runs: readonly Throughput[] }): VNode {
  const base = runs.find(({ isBase }) => isBase) ?? runs[0]!;
  const most = Math.max(...runs.map(({ sequencesPerSecond }) => sequencesPerSecond));
  const ratio = ({ sequencesPerSecond }: Throughput): string => {
    return `${figure(sequencesPerSecond / base.sequencesPerSecond)} ×`;
  };
  const table = {
    columns: ['run', 'kind', 'sequences/s', `against ${base.name}`],
    rows: runs.map((run) => [run.name, run.kind, figure(run.sequencesPerSecond), ratio(run)]),
  };
  return (
    <Figure
      title="Throughput"
      note={`Sequences per second, and how many times ${base.name} that is.`}
      table={table}
    >
      <div class="bars">
        {runs.map((run) => (
          <div class="bar" key={run.name}>
            <div class="bar-name">
              <b>{run.name}</b>
              <small>{run.kind}</small>
            </div>
            <div class="bar-track">
              <div
                class={run.kind === 'simulated' ? 'bar-part simulated' : 'bar-part'}
                style={{
                  width: `${(run.sequencesPerSecond / most) * 100}%`,
                  backgroundColor: themed(seriesPaint(run === base ? 9 : 0)),
                }}
              />
            </div>
            <div class="bar-sum">
              {figure(run.sequencesPerSecond)}
              {runs.length > 1 && <small>{ratio(run)}</small>}
            </div>
          </div>
        ))}
      </div>
    </Figure>
  );
}
