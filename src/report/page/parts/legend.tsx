import type { VNode } from 'preact';
import { ACTIVITIES, ACTIVITY_TEXT, isActivity, isWaiting } from '../../../observe/activity.js';
import { activityPaint, type Paint } from '../../../observe/palette.js';

/** A colour that follows the theme by itself. */
export function themed({ light, dark }: Pick<Paint, 'light' | 'dark'>): string {
  return `light-dark(${light}, ${dark})`;
}

/** How something is filled. */
export interface Look {
  readonly colour: string;
  readonly hatched: boolean;
}

export function lookOf(activity: string): Look {
  return { colour: themed(activityPaint(activity)), hatched: isHatched(activity) };
}

/** Waiting can be told from work without seeing colours. */
export function isHatched(activity: string): boolean {
  return isWaiting(activity) && activity !== 'done';
}

/** Work first, then waiting, as the palette lists them; what this version does not know comes last. */
export function inPaletteOrder(activities: Iterable<string>): string[] {
  const order = (activity: string): number =>
    isActivity(activity) ? ACTIVITIES.indexOf(activity) : ACTIVITIES.length;
  return [...activities].sort((a, b) => order(a) - order(b));
}

export function ActivityLegend({ activities }: { readonly activities: readonly string[] }): VNode {
  return (
    <ul class="legend">
      {activities.map((activity) => (
        <LegendEntry
          key={activity}
          name={activity}
          look={lookOf(activity)}
          title={isActivity(activity) ? ACTIVITY_TEXT[activity] : activity}
        />
      ))}
    </ul>
  );
}

export function LegendEntry(props: {
  readonly name: string;
  readonly look: Look;
  readonly title?: string;
}): VNode {
  const { name, look, title } = props;
  return (
    <li title={title}>
      <i class={look.hatched ? 'swatch hatched' : 'swatch'} style={{ backgroundColor: look.colour }} />
      {name === 'done' ? ACTIVITY_TEXT.done : name}
    </li>
  );
}
