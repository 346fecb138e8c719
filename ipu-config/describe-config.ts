import { ATTRIBUTE_USES, useLabel } from './attribute-uses.js';
import { ATTRIBUTE_NAMES, type AttributeName } from './attributes.js';
import type { AttributeSource, IpuConfig } from './ipu-config.js';
import type { JsonValue } from './python-value.js';

/** One attribute of an effective configuration. */
export interface AttributeDescription {
  readonly name: AttributeName;
  readonly value: JsonValue;
  /** `given`, `default`, or `fallback of NAME`. */
  readonly source: string;
  /** `used by the runtime…`, `simulator: planned`, or `not applicable`. */
  readonly use: string;
  /** What it does here, or why it does nothing. */
  readonly note: string;
}

/** Every attribute in alphabetical order: its value, where that comes from, and what it does in this program. */
export function describeConfig(config: IpuConfig): readonly AttributeDescription[] {
  const values = config.toJSON();
  return ATTRIBUTE_NAMES.map((name) => ({
    name,
    value: values[name],
    source: sourceLabel(config.source(name)),
    use: useLabel(ATTRIBUTE_USES[name]),
    note: ATTRIBUTE_USES[name].note,
  }));
}

function sourceLabel(source: AttributeSource): string {
  return source.kind === 'fallback' ? `fallback of ${source.of}` : source.kind;
}
