import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';

/** An entry of the package, as package.json tells: `ipu-pipeline` is `index`, `ipu-pipeline/config` is `config`. */
export interface Entry {
  readonly name: string;
  /** Path of its compiled declarations. */
  readonly types: string;
}

export function entries(root: string): Entry[] {
  const { exports } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
    exports: Readonly<Record<string, string | { readonly types: string }>>;
  };
  return Object.entries(exports).flatMap(([name, target]) =>
    typeof target === 'string'
      ? []
      : [{ name: name === '.' ? 'index' : name.slice(2), types: resolve(root, target.types) }],
  );
}
