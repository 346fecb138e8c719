/** What there is to warn of. A new kind of warning gets a code here. */
export type WarningCode =
  // Of a configuration's file.
  | 'duplicate-key'
  | 'deprecated-attribute'
  | 'unused-attribute'
  | 'renamed-key'
  | 'pod-value'
  | 'old-value'
  | 'ignored-key'
  // Of what it places where.
  | 'ignored-split'
  | 'uneven-split'
  | 'idle-ipus'
  | 'too-many-ipus'
  | 'reserved-ipus'
  | 'unfilled-pipeline'
  | 'other-replicas'
  | 'sharded-execution'
  | 'embedding-serialization'
  // Of a schedule.
  | 'short-call'
  | 'other-split'
  | 'other-placement'
  | 'other-call-size'
  // Of a measurement.
  | 'short-window'
  | 'other-settings'
  // Of a prediction.
  | 'other-machine'
  | 'scaled-profile'
  | 'missing-head'
  | 'other-version'
  // Of a file of an older version, which had texts alone.
  | 'text';

/** Something that goes on, but not as someone may think. Programs go by the code; the text is for people. */
export interface Warning {
  readonly code: WarningCode;
  readonly text: string;
}

/** Each text once. */
export function distinct(warnings: Iterable<Warning>): Warning[] {
  return [...new Map(Array.from(warnings, (warning) => [warning.text, warning])).values()];
}
