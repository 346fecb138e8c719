import { ticks } from 'd3-array';
import type { VNode } from 'preact';
import { milliseconds } from '../report/format.js';
import { seriesPaint } from '../report/palette.js';
import type { LatencyDistribution } from '../report/report-data.js';
import { Figure } from './figure.js';
import { themed } from './legend.js';

const WIDTH = 640;
const HEIGHT = 120;
const BINS = 40;

/** How long micro-batches took, one histogram for each run on a common axis. */
export function LatencyChart({ runs }: { readonly runs: readonly LatencyDistribution[] }): VNode {
  const table = {
    columns: ['run', 'median', '95th percentile', '99th percentile', 'micro-batches'],
    rows: runs.map((run) => [
      run.name,
      milliseconds(run.p50Ms),
      milliseconds(run.p95Ms),
      milliseconds(run.p99Ms),
      run.histogram ? run.histogram.counts.reduce((sum, count) => sum + count, 0) : '–',
    ]),
  };
  const drawn = runs.filter(({ histogram }) => histogram && histogram.counts.length > 0);
  const most = Math.max(...drawn.map(({ histogram, p99Ms }) => Math.max(histogram!.edgesMs.at(-1)!, p99Ms)));
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

function Histogram({ run, mostMs }: { readonly run: LatencyDistribution; readonly mostMs: number }): VNode {
  const counts = evenBins(run, mostMs);
  const highest = Math.max(...counts, 1);
  const x = (ms: number): number => (ms / mostMs) * WIDTH;
  const step = WIDTH / BINS;
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
        {counts.map((count, index) => {
          const height = (count / highest) * (HEIGHT - 14);
          return count === 0 ? null : (
            <rect
              key={index}
              {...{ x: index * step + 0.5, width: step - 1, y: HEIGHT - height, height }}
              style={{ fill: themed(seriesPaint(0)) }}
            >
              <title>{`${count} of about ${milliseconds(((index + 0.5) * mostMs) / BINS)}`}</title>
            </rect>
          );
        })}
        <line class="axis" x1="0" x2={WIDTH} y1={HEIGHT} y2={HEIGHT} />
        {marks.map(({ name, ms }) => (
          <line key={name} class={`mark ${name}`} x1={x(ms)} x2={x(ms)} y1="0" y2={HEIGHT} />
        ))}
        {ticks(0, mostMs, 6).map((ms) => (
          <text key={ms} class="tick" x={x(ms)} y={HEIGHT + 15} text-anchor={ms === 0 ? 'start' : 'middle'}>
            {`${Number(ms.toPrecision(4))} ms`}
          </text>
        ))}
      </svg>
    </div>
  );
}

/** Bins of equal width from those of growing width: each count goes where the middle of its bin lies. */
function evenBins({ histogram }: LatencyDistribution, mostMs: number): number[] {
  const counts = new Array<number>(BINS).fill(0);
  histogram?.counts.forEach((count, index) => {
    const middle = (histogram.edgesMs[index]! + histogram.edgesMs[index + 1]!) / 2;
    counts[Math.min(BINS - 1, Math.floor((middle / mostMs) * BINS))]! += count;
  });
  return counts;
}
