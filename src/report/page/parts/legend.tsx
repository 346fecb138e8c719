import type { VNode } from 'preact';
import { ACTIVITY_TEXT, isActivity, isWaiting } from '../../../observe/activity.js';
import { activityPaint, type Paint } from '../../../observe/palette.js';

/** A colour that follows the theme by itself. */
export function themed({ light, dark }: Pick<Paint, 'light' | 'dark'>): string {
  return `light-dark(${light}, ${dark})`;
}

export function ActivityLegend({ activities }: { readonly activities: readonly string[] }): VNode {
  return (
    <ul class="legend">
      {activities.map((activity) => (
        <li key={activity} title={isActivity(activity) ? ACTIVITY_TEXT[activity] : activity}>
          <Swatch
            colour={themed(activityPaint(activity))}
            hatched={isWaiting(activity) && activity !== 'done'}
          />
          {activity === 'done' ? 'nothing left to do' : activity}
        </li>
      ))}
    </ul>
  );
}

export function Swatch({
  colour,
  hatched = false,
}: {
  readonly colour: string;
  readonly hatched?: boolean;
}): VNode {
  return <i class={hatched ? 'swatch hatched' : 'swatch'} style={{ backgroundColor: colour }} />;
}
