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

/** As many of each code as somebody reads; how many more there are stands in the last. */
export function firstOfEach(warnings: readonly Warning[]): Warning[] {
  const most = 20;
  const counts = new Map<WarningCode, number>();
  for (const { code } of warnings) counts.set(code, (counts.get(code) ?? 0) + 1);
  const seen = new Map<WarningCode, number>();
  return warnings.flatMap((warning) => {
    const number = (seen.get(warning.code) ?? 0) + 1;
    seen.set(warning.code, number);
    if (number <= most) return [warning];
    if (number > most + 1) return [];
    return [{ code: warning.code, text: `… and ${counts.get(warning.code)! - most} more of this kind.` }];
  });
}
