import type { VNode } from 'preact';
import { ACTIVITIES, isWaiting, type Activity } from '../../../observe/activity.js';
import { bytes, figure, milliseconds, percent } from '../../../../ipu-config/base/format.js';
import { activityPaint, seriesPaint } from '../../../observe/palette.js';
import type { StackedBar, StackedBars } from '../../data/report-data.js';
import { Figure } from './figure.js';
import { Swatch, themed } from './legend.js';

/** One bar for each IPU, with the limit as a line across those that have one. */
export function StackedBarChart(props: { readonly chart: StackedBars; readonly isLive?: boolean }): VNode {
  const { chart, isLive = false } = props;
  const all = partNames(chart);
  const names = all.filter((name) => chart.bars.some((bar) => valueOf(bar, name) > 0));
  const whole = Math.max(...chart.bars.map((bar) => Math.max(total(bar), bar.limit ?? 0)), 0);
  const limits = chart.bars.flatMap(({ limit }) => limit ?? []);
  return (
    <Figure title={chart.title} note={chart.note} table={tableOf(chart, names)} isLive={isLive}>
      <ul class="legend">
        {names.map((name) => (
          <li key={name}>
            <Swatch {...looks(chart, all, name)} />
            {name === 'done' ? 'nothing left to do' : name}
          </li>
        ))}
        {limits.length > 0 && (
          <li>
            <i class="swatch limit" />
            limit, {amount(chart, Math.min(...limits))}
          </li>
        )}
      </ul>
      <div class="bars">
        {chart.bars.map((bar) => (
          <Bar key={bar.name} chart={chart} names={all} bar={bar} whole={whole} />
        ))}
      </div>
    </Figure>
  );
}

function Bar(props: {
  readonly chart: StackedBars;
  readonly names: readonly string[];
  readonly bar: StackedBar;
  readonly whole: number;
}): VNode {
  const { chart, names, bar, whole } = props;
  const share = (value: number): string => `${whole === 0 ? 0 : (value / whole) * 100}%`;
  const sum = total(bar);
  const isOver = bar.limit !== undefined && sum > bar.limit;
  return (
    <div class="bar">
      <div class="bar-name" title={bar.detail}>
        <b>{bar.name}</b>
        {bar.detail && <small>{bar.detail}</small>}
      </div>
      <div class="bar-track">
        {names.map((name) => {
          const value = valueOf(bar, name);
          if (value === 0) return null;
          const { colour, hatched } = looks(chart, names, name);
          return (
            <div
              key={name}
              class={hatched ? 'bar-part hatched' : 'bar-part'}
              style={{ width: share(value), backgroundColor: colour }}
              title={`${bar.name}, ${name}: ${amount(chart, value)} (${percent(value / sum)})`}
            />
          );
        })}
        {bar.limit !== undefined && <div class="bar-limit" style={{ left: share(bar.limit) }} />}
      </div>
      <div class={isOver ? 'bar-sum over' : 'bar-sum'}>{barWords(chart, bar, sum)}</div>
    </div>
  );
}

function barWords(chart: StackedBars, bar: StackedBar, sum: number): string {
  if (bar.limit !== undefined) {
    const over = sum > bar.limit ? ', too much' : '';
    return `${amount(chart, sum)}, ${percent(sum / bar.limit)}${over}`;
  }
  if (bar.words !== undefined) return bar.words;
  if (chart.parts === 'series') return amount(chart, sum);
  const work = bar.parts.reduce((busy, { name, value }) => busy + (isWaiting(name) ? 0 : value), 0);
  return sum === 0 ? '–' : `${percent(work / sum)} busy`;
}

/** Activities in the palette's order, series in that of their first mention: also those that are zero have a colour. */
function partNames({ bars, parts }: StackedBars): string[] {
  const names = [...new Set(bars.flatMap((bar) => bar.parts.map(({ name }) => name)))];
  if (parts === 'series') return names;
  const order = (name: string): number => {
    const at = ACTIVITIES.indexOf(name as Activity);
    return at === -1 ? ACTIVITIES.length : at;
  };
  return names.sort((a, b) => order(a) - order(b));
}

function looks(
  chart: StackedBars,
  names: readonly string[],
  name: string,
): { colour: string; hatched: boolean } {
  if (chart.parts === 'series') return { colour: themed(seriesPaint(names.indexOf(name))), hatched: false };
  return { colour: themed(activityPaint(name)), hatched: isWaiting(name) && name !== 'done' };
}

function tableOf(chart: StackedBars, names: readonly string[]): { columns: string[]; rows: string[][] } {
  const hasLimit = chart.bars.some(({ limit }) => limit !== undefined);
  const hasDetail = chart.bars.some(({ detail }) => detail);
  return {
    columns: [
      '',
      ...(hasDetail ? ['holds'] : []),
      ...names,
      'in all',
      ...(hasLimit ? ['limit', 'of limit'] : []),
    ],
    rows: chart.bars.map((bar) => [
      bar.name,
      ...(hasDetail ? [bar.detail ?? ''] : []),
      ...names.map((name) => (valueOf(bar, name) === 0 ? '–' : amount(chart, valueOf(bar, name)))),
      amount(chart, total(bar)),
      ...(hasLimit && bar.limit !== undefined
        ? [amount(chart, bar.limit), percent(total(bar) / bar.limit)]
        : []),
    ]),
  };
}

function valueOf({ parts }: StackedBar, name: string): number {
  return parts.reduce((sum, part) => sum + (part.name === name ? part.value : 0), 0);
}

function total({ parts }: StackedBar): number {
  return parts.reduce((sum, { value }) => sum + value, 0);
}

function amount({ unit }: StackedBars, value: number): string {
  if (unit === 'bytes') return bytes(value);
  return unit === 'ms' ? milliseconds(value) : `${Number(figure(value))} steps`;
}
