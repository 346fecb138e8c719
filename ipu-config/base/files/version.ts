import { readFileSync } from 'node:fs';

/** From package.json, which lies four folders above the compiled file, in a checkout and in the npm package. */
export const VERSION = readVersion();

function readVersion(): string {
  const file = new URL('../../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}
