import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, totalmem } from 'node:os';
import { VERSION } from '../../ipu-config/base/files/version.js';

/** Where a measurement was taken: what a reader needs to compare it with another. */
export interface Environment {
  readonly ipuPipeline: string;
  readonly node: string;
  readonly onnxruntime: string | null;
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryBytes: number;
}

export function environment(): Environment {
  return {
    ipuPipeline: VERSION,
    node: process.versions.node,
    onnxruntime: installedVersion('onnxruntime-node'),
    platform: `${platform()} ${arch()}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cores: availableParallelism(),
    memoryBytes: totalmem(),
  };
}

/** Reads the version without loading the library, which costs 40 MB; null when it is not installed. */
function installedVersion(name: string): string | null {
  try {
    const entry = createRequire(import.meta.url).resolve(name);
    const root = entry.slice(0, entry.lastIndexOf(name) + name.length);
    return (JSON.parse(readFileSync(`${root}/package.json`, 'utf8')) as { version: string }).version;
  } catch {
    return null;
  }
}
