import type { ThrownValue } from './protocol.js';

/** Chains of causes are cut here: a chain may be a circle. */
const MAX_CAUSES = 8;
const OWN_FIELDS = ['name', 'message', 'stack', 'cause'];

/** Describes what was thrown; never throws itself, whatever it is given. */
export function describeThrown(thrown: unknown, depth = 0): ThrownValue {
  if (!(thrown instanceof Error)) return { name: 'Error', message: printed(thrown), properties: {} };
  const properties: Record<string, string | number | boolean> = {};
  for (const [key, value] of Object.entries(thrown) as [string, unknown][]) {
    if (OWN_FIELDS.includes(key)) continue;
    if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') {
      properties[key] = value;
    }
  }
  // `type` is a getter on this project's own errors.
  const type: unknown = (thrown as { type?: unknown }).type;
  if (typeof type === 'string') properties['type'] = type;
  return {
    name: String(thrown.name),
    message: String(thrown.message),
    ...(typeof thrown.stack === 'string' ? { stack: thrown.stack } : {}),
    properties,
    ...(thrown.cause !== undefined && depth < MAX_CAUSES
      ? { cause: describeThrown(thrown.cause, depth + 1) }
      : {}),
  };
}

/** An Error with the name, message, stack, plain properties and causes of the original. */
export function rebuildThrown(value: ThrownValue): Error {
  const error = new Error(
    value.message,
    value.cause === undefined ? undefined : { cause: rebuildThrown(value.cause) },
  );
  Object.assign(error, value.properties);
  define(error, 'name', value.name);
  define(error, 'stack', value.stack ?? `${value.name}: ${value.message}`);
  return error;
}

/** As not enumerable as in errors that were made the usual way. */
function define(error: Error, key: 'name' | 'stack', value: string): void {
  Object.defineProperty(error, key, { value, configurable: true, writable: true });
}

function printed(thrown: unknown): string {
  try {
    return typeof thrown === 'string' ? thrown : `${typeof thrown} thrown: ${String(thrown)}`;
  } catch {
    return `${typeof thrown} thrown`;
  }
}
