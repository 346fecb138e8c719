import type { VNode } from 'preact';
import { lookOf } from '../parts/legend.js';
import { timeShares } from '../../playground/compared.js';
import { clsx } from './controls.js';
import type { Outcome } from '../../playground/outcome.js';

/** Where the time of all IPUs goes: parts that add up to the whole. */
export function TimeBar({ outcome }: { readonly outcome: Outcome }): VNode {
  const shares = timeShares(outcome);
  return (
    <div class={clsx('time-bar', !outcome.simulation.fits && 'stale')}>
      <p>
        Time of all IPUs in a call:{' '}
        {shares.map(({ name, activity, percent }, at) => (
          <span key={name}>
            {at > 0 && ' + '}
            <Swatch activity={activity} /> {name} {percent} %
          </span>
        ))}{' '}
        = 100 %
      </p>
      <div class="bar-track" aria-hidden="true">
        {shares.map(({ name, activity, share }) => {
          const { colour, hatched } = lookOf(activity);
          return (
            <div
              key={name}
              class={clsx('bar-part', hatched && 'hatched')}
              style={{ width: `${share * 100}%`, backgroundColor: colour }}
            />
          );
        })}
      </div>
    </div>
  );
}

function Swatch({ activity }: { readonly activity: string }): VNode {
  const { colour, hatched } = lookOf(activity);
  return <i class={clsx('swatch', hatched && 'hatched')} style={{ backgroundColor: colour }} />;
}
