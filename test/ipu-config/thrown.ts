import { ConfigError } from 'ipu-pipeline';

/** `Type: message` of the ConfigError that a call throws, or `nothing`. */
export function thrown(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof ConfigError) return `${error.type}: ${error.message}`;
    throw error;
  }
  return 'nothing';
}
