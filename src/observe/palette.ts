import type { Activity } from './activity.js';

/** One colour for light and dark backgrounds, and the nearest name that chrome://tracing knows. */
export interface Paint {
  readonly light: string;
  readonly dark: string;
  /** One of trace-viewer's reserved colour names. */
  readonly cname: string;
}

/**
 * Colours of everything that has time, the same in traces, reports and the playground. Work is saturated, waiting is
 * pale (and hatched where there is room). Neighbours differ in lightness too, so that they can be told apart without
 * seeing hue: blue forward, orange backward, teal weights, after the sets of Okabe and Ito.
 */
const ACTIVITY_PAINT: Readonly<Record<Activity, Paint>> = {
  F: { light: '#2b6cb0', dark: '#5aa0e6', cname: 'rail_response' },
  B: { light: '#dd7f1c', dark: '#f0a04b', cname: 'thread_state_iowait' },
  I: { light: '#eba04d', dark: '#f4bc7c', cname: 'bad' },
  W: { light: '#12806f', dark: '#35b5a0', cname: 'cq_build_passed' },
  SEND_F: { light: '#7b6bb5', dark: '#9f91d8', cname: 'thread_state_runnable' },
  RECV_F: { light: '#a79bd0', dark: '#c2b8ec', cname: 'thread_state_runnable' },
  SEND_B: { light: '#8c5a83', dark: '#bb86b1', cname: 'thread_state_uninterruptible' },
  RECV_B: { light: '#b78fb0', dark: '#d5b1ce', cname: 'thread_state_uninterruptible' },
  UNSHARD: { light: '#c98bb0', dark: '#e3b0cf', cname: 'detailed_memory_dump' },
  RESHARD: { light: '#d9b6ca', dark: '#eccfe0', cname: 'detailed_memory_dump' },
  REDUCE_GRAD: { light: '#a8437f', dark: '#d878b0', cname: 'detailed_memory_dump' },
  UPDATE: { light: '#6f7f1f', dark: '#a9b957', cname: 'olive' },
  compute: { light: '#2b6cb0', dark: '#5aa0e6', cname: 'rail_response' },
  recompute: { light: '#7fb0de', dark: '#9cc7ee', cname: 'heap_dump_object_type' },
  'stream-in': { light: '#3aa6c9', dark: '#67c5e3', cname: 'background_memory_dump' },
  'stream-out': { light: '#1f7a99', dark: '#47a5c4', cname: 'background_memory_dump' },
  copy: { light: '#7b6bb5', dark: '#9f91d8', cname: 'thread_state_runnable' },
  'all-reduce': { light: '#a8437f', dark: '#d878b0', cname: 'detailed_memory_dump' },
  'optimizer-state': { light: '#c98bb0', dark: '#e3b0cf', cname: 'thread_state_uninterruptible' },
  'weight-update': { light: '#6f7f1f', dark: '#a9b957', cname: 'olive' },
  'host-call': { light: '#8a6a4a', dark: '#b8977a', cname: 'thread_state_unknown' },
  'waits: upstream': { light: '#d3dbe6', dark: '#3a4557', cname: 'grey' },
  'waits: downstream': { light: '#f0d9bf', dark: '#5a4630', cname: 'yellow' },
  'waits: host-input': { light: '#c9e4de', dark: '#2c4d47', cname: 'good' },
  'waits: host-output': { light: '#e5d3e3', dark: '#4e3b4d', cname: 'light_memory_dump' },
  'waits: in-flight-limit': { light: '#e6e2b8', dark: '#4f4c2a', cname: 'terrible' },
  'waits: exchange': { light: '#dcd3f0', dark: '#443a60', cname: 'thread_state_runnable' },
  'waits: sync': { light: '#e3e3e3', dark: '#414141', cname: 'generic_work' },
  'waits: dispatch': { light: '#f3c9c4', dark: '#5f3a37', cname: 'rail_animation' },
  done: { light: '#f1f1f0', dark: '#262a30', cname: 'white' },
};

/** What lies in memory, and whatever else is stacked: ten colours in the order in which they are asked for. */
const SERIES: readonly Pick<Paint, 'light' | 'dark'>[] = [
  { light: '#2b6cb0', dark: '#5aa0e6' },
  { light: '#dd7f1c', dark: '#f0a04b' },
  { light: '#12806f', dark: '#35b5a0' },
  { light: '#a8437f', dark: '#d878b0' },
  { light: '#9db8d6', dark: '#86a5c9' },
  { light: '#6f7f1f', dark: '#a9b957' },
  { light: '#8a6a4a', dark: '#b8977a' },
  { light: '#7b6bb5', dark: '#9f91d8' },
  { light: '#efc08a', dark: '#f4d3a8' },
  { light: '#5f6a76', dark: '#9aa5b1' },
];

const UNKNOWN: Paint = { light: '#7a7a7a', dark: '#a0a0a0', cname: 'generic_work' };

export function activityPaint(activity: string): Paint {
  return Object.hasOwn(ACTIVITY_PAINT, activity) ? ACTIVITY_PAINT[activity as Activity] : UNKNOWN;
}

/** @param index of the series among those of its chart */
export function seriesPaint(index: number): Pick<Paint, 'light' | 'dark'> {
  return SERIES[index % SERIES.length]!;
}
