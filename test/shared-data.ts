import { existsSync } from 'node:fs';
import { resolve } from 'node:path';

const root = process.env['IPU_PIPELINE_SHARED'] ?? resolve(import.meta.dirname, '../../shared');
const available = existsSync(root);
if (!available) console.log(`skipped: conformance and golden data, because ${root} is not there`);

/** Conformance cases and goldens that lie beside the checkout and are not part of the project. */
export const shared = { available, path: (relative: string): string => resolve(root, relative) };
