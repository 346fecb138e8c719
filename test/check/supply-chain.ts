import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { complaintsAbout, type Lock, type Sbom } from './supply-chain-rules.js';

/**
 * The packages that this one stands on, as the lock file has them: their licences, checksums and install scripts
 * against the lists of `supply-chain-rules.ts`. Asks no network; what is known of weaknesses `npm audit` says.
 */
const root = resolve(import.meta.dirname, '../..');
const json = (file: string): unknown => JSON.parse(readFileSync(resolve(root, file), 'utf8'));

const sbom = JSON.parse(
  execFileSync('npm', ['sbom', '--sbom-format', 'cyclonedx', '--package-lock-only'], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
    stdio: ['ignore', 'pipe', 'ignore'],
  }),
) as Sbom;
const { allowScripts } = json('package.json') as { allowScripts: Record<string, boolean> };
const complaints = complaintsAbout(sbom, json('package-lock.json') as Lock, allowScripts);

for (const complaint of complaints) console.error(complaint);
console.log(`${sbom.components.length} packages, ${complaints.length} complaints`);
process.exitCode = complaints.length > 0 ? 1 : 0;
