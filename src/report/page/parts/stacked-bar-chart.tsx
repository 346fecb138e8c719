import { sum } from 'd3-array';
import type { VNode } from 'preact';
import { isWaiting } from '../../../observe/activity.js';
import { bytes, figure, milliseconds, percent } from '../../../../ipu-config/base/format.js';
import { seriesPaint } from '../../../observe/palette.js';
import type { StackedBar, StackedBars } from '../../data/report-data.js';
import { Figure } from './figure.js';
import { inPaletteOrder, LegendEntry, lookOf, themed, type Look } from './legend.js';

/** One bar for each IPU, with the limit as a line across those that have one. */
export function StackedBarChart(props: { readonly chart: StackedBars; readonly isLive?: boolean }): VNode {
  const { chart, isLive = false } = props;
  const all = partNames(chart);
  const names = all.filter((name) => chart.bars.some((bar) => total(bar, name) > 0));
  const longest = Math.max(...chart.bars.map((bar) => Math.max(total(bar), bar.limit ?? 0)), 0);
  const limits = chart.bars.flatMap(({ limit }) => limit ?? []);
  return (
    <Figure title={chart.title} note={chart.note} table={tableOf(chart, names)} isLive={isLive}>
      <ul class="legend">
        {names.map((name) => (
          <LegendEntry key={name} name={name} look={look(chart, all, name)} />
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
          <Bar key={bar.name} chart={chart} names={all} bar={bar} longest={longest} />
        ))}
      </div>
    </Figure>
  );
}

function Bar(props: {
  readonly chart: StackedBars;
  readonly names: readonly string[];
  readonly bar: StackedBar;
  readonly longest: number;
}): VNode {
  const { chart, names, bar, longest } = props;
  const share = (value: number): string => `${longest === 0 ? 0 : (value / longest) * 100}%`;
  const whole = total(bar);
  const isOver = bar.limit !== undefined && whole > bar.limit;
  return (
    <div class="bar">
      <div class="bar-name" title={bar.detail}>
        <b>{bar.name}</b>
        {bar.detail && <small>{bar.detail}</small>}
      </div>
      <div class="bar-track">
        {names.map((name) => {
          const value = total(bar, name);
          if (value === 0) return null;
          const { colour, hatched } = look(chart, names, name);
          return (
            <div
              key={name}
              class={hatched ? 'bar-part hatched' : 'bar-part'}
              style={{ width: share(value), backgroundColor: colour }}
              title={`${bar.name}, ${name}: ${amount(chart, value)} (${percent(value / whole)})`}
            />
          );
        })}
        {bar.limit !== undefined && <div class="bar-limit" style={{ left: share(bar.limit) }} />}
      </div>
      <div class={isOver ? 'bar-sum over' : 'bar-sum'}>{barWords(chart, bar, whole)}</div>
    </div>
  );
}

function barWords(chart: StackedBars, bar: StackedBar, whole: number): string {
  if (bar.limit !== undefined) {
    const over = whole > bar.limit ? ', too much' : '';
    return `${amount(chart, whole)}, ${percent(whole / bar.limit)}${over}`;
  }
  if (bar.words !== undefined) return bar.words;
  if (chart.parts === 'series') return amount(chart, whole);
  const work = sum(bar.parts, ({ name, value }) => (isWaiting(name) ? 0 : value));
  return whole === 0 ? '–' : `${percent(work / whole)} busy`;
}

/** Activities in the palette's order, series in that of their first mention: also those that are zero have a colour. */
function partNames({ bars, parts }: StackedBars): string[] {
  const names = [...new Set(bars.flatMap((bar) => bar.parts.map(({ name }) => name)))];
  return parts === 'series' ? names : inPaletteOrder(names);
}

function look({ parts }: StackedBars, names: readonly string[], name: string): Look {
  if (parts === 'activities') return lookOf(name);
  return { colour: themed(seriesPaint(names.indexOf(name))), hatched: false };
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
      ...names.map((name) => (total(bar, name) === 0 ? '–' : amount(chart, total(bar, name)))),
      amount(chart, total(bar)),
      ...(hasLimit && bar.limit !== undefined
        ? [amount(chart, bar.limit), percent(total(bar) / bar.limit)]
        : []),
    ]),
  };
}

/** Of the parts of that name; of all where none is given. */
function total({ parts }: StackedBar, of?: string): number {
  return sum(parts, ({ name, value }) => (of === undefined || name === of ? value : 0));
}

function amount({ unit }: StackedBars, value: number): string {
  if (unit === 'bytes') return bytes(value);
  return unit === 'ms' ? milliseconds(value) : `${Number(figure(value))} steps`;
}
