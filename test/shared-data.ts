import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const root = process.env['IPU_PIPELINE_SHARED'] ?? resolve(import.meta.dirname, '../../shared');
const available = existsSync(root);
if (!available) {
  const why = `${root} is not there`;
  if (process.env['CI']) throw new Error(`CI needs the conformance and golden data: ${why}`);
  console.log(`skipped: conformance and golden data, because ${why}`);
}

/** Conformance cases and goldens that lie beside the checkout and are not part of the project. */
export const shared = { available, path: (relative: string): string => resolve(root, relative) };
