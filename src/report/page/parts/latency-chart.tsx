import { pairs, sum, ticks } from 'd3-array';
import type { VNode } from 'preact';
import { milliseconds } from '../../../../ipu-config/base/format.js';
import { seriesPaint } from '../../../observe/palette.js';
import type { LatencyDistribution } from '../../data/report-data.js';
import { Figure } from './figure.js';
import { themed } from './legend.js';

const WIDTH = 400;
const HEIGHT = 90;

/** How long micro-batches took, one histogram for each run on a common axis. */
export function LatencyChart({ runs }: { readonly runs: readonly LatencyDistribution[] }): VNode {
  const table = {
    columns: ['run', 'median', '95th percentile', '99th percentile', 'micro-batches'],
    rows: runs.map((run) => [
      run.name,
      milliseconds(run.p50Ms),
      milliseconds(run.p95Ms),
      milliseconds(run.p99Ms),
      run.histogram ? sum(run.histogram.counts) : '–',
    ]),
  };
  const drawn = runs.filter(
    (run): run is Drawn => run.histogram !== undefined && run.histogram.counts.length > 0,
  );
  const most = Math.max(...drawn.flatMap(({ histogram, p99Ms }) => [histogram.edgesMs.at(-1)!, p99Ms]));
  return (
    <Figure
      title="Latency"
      note="From the start of the first stage to the end of the last, for each micro-batch."
      table={table}
    >
      <div class="histograms">
        {drawn.map((run) => (
          <Histogram key={run.name} run={run} mostMs={most} />
        ))}
      </div>
    </Figure>
  );
}

type Drawn = LatencyDistribution & Required<Pick<LatencyDistribution, 'histogram'>>;

function Histogram({ run, mostMs }: { readonly run: Drawn; readonly mostMs: number }): VNode {
  const { counts, edgesMs } = run.histogram;
  // Bins differ in width, so their areas are the counts.
  const bins = pairs(edgesMs)
    .map(([fromMs, toMs], bin) => ({
      fromMs,
      toMs,
      count: counts[bin]!,
      density: counts[bin]! / (toMs - fromMs),
    }))
    .filter(({ count }) => count > 0);
  const densest = Math.max(...bins.map(({ density }) => density));
  const x = (ms: number): number => (ms / mostMs) * WIDTH;
  const marks = [
    { name: 'p50', ms: run.p50Ms },
    { name: 'p95', ms: run.p95Ms },
    { name: 'p99', ms: run.p99Ms },
  ];
  return (
    <div class="histogram">
      <h3>
        {run.name}
        <small>{marks.map(({ name, ms }) => `${name} ${milliseconds(ms)}`).join(' · ')}</small>
      </h3>
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT + 22}`} role="presentation">
        {bins.map(({ fromMs, toMs, count, density }) => {
          const height = (density / densest) * (HEIGHT - 10);
          const width = Math.max(1, x(toMs) - x(fromMs) - 0.5);
          return (
            <rect
              key={fromMs}
              {...{ x: x(fromMs), width, y: HEIGHT - height, height }}
              style={{ fill: themed(seriesPaint(0)) }}
            >
              <title>{`${count} from ${milliseconds(fromMs)} to ${milliseconds(toMs)}`}</title>
            </rect>
          );
        })}
        <line class="axis" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        {marks.map(({ name, ms }) => (
          <line key={name} class={`mark ${name}`} x1={x(ms)} x2={x(ms)} y1="0" y2={HEIGHT} />
        ))}
        {ticks(0, mostMs, 5).map((ms) => (
          <text
            key={ms}
            class="tick"
            x={x(ms)}
            y={HEIGHT + 15}
            text-anchor={ms === 0 ? 'start' : x(ms) > WIDTH - 20 ? 'end' : 'middle'}
          >
            {`${Number(ms.toPrecision(4))} ms`}
          </text>
        ))}
      </svg>
    </div>
  );
}
