import type { ThrownValue } from './protocol.js';

/** Chains of causes are cut here: a chain may be a circle. */
const MAX_CAUSES = 8;
/** What is thrown may be of any size; what is told of it is not. */
const MAX_PROPERTIES = 32;
const MAX_LENGTH = 4000;
const MAX_STACK_LENGTH = 16_000;
const OWN_FIELDS = ['name', 'message', 'stack', 'cause'];

/** Describes what was thrown; never throws itself, whatever it is given, and keeps no more than a page of it. */
export function describeThrown(thrown: unknown, depth = 0): ThrownValue {
  if (!safely(() => thrown instanceof Error, false)) {
    return { name: 'Error', message: printed(thrown), properties: {} };
  }
  const error = thrown as Error;
  const properties: Record<string, string | number | boolean> = {};
  // `type` is a getter on this project's own errors.
  const keys = safely(() => Object.keys(error), []).filter((key) => !OWN_FIELDS.includes(key));
  for (const key of [...keys.slice(0, MAX_PROPERTIES), 'type']) {
    const value = safely(() => (error as unknown as Record<string, unknown>)[key], undefined);
    if (typeof value === 'string') properties[key] = cut(value);
    if (typeof value === 'number' || typeof value === 'boolean') properties[key] = value;
  }
  const stack = safely<unknown>(() => error.stack, undefined);
  const cause = safely(() => error.cause, undefined);
  return {
    name: cut(safely(() => String(error.name), 'Error')),
    message: cut(safely(() => String(error.message), 'an error whose message cannot be read')),
    ...(typeof stack === 'string' ? { stack: cut(stack, MAX_STACK_LENGTH) } : {}),
    properties,
    ...(cause !== undefined && depth < MAX_CAUSES ? { cause: describeThrown(cause, depth + 1) } : {}),
  };
}

/** The message of anything that was thrown, in bounds. */
export function messageOf(thrown: unknown): string {
  return describeThrown(thrown, MAX_CAUSES).message;
}

function safely<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}

/** The beginning and the end of a text that is too long. */
function cut(text: string, most = MAX_LENGTH): string {
  if (text.length <= most) return text;
  return `${text.slice(0, most / 2)} … (${text.length - most} characters left out) … ${text.slice(-most / 2)}`;
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
  if (typeof thrown === 'string') return cut(thrown);
  return safely(() => cut(`${typeof thrown} thrown: ${String(thrown)}`), `${typeof thrown} thrown`);
}
