import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InputError } from '../../ipu-config/base/errors.js';
import { reason } from '../../ipu-config/base/reason.js';
import { downloadModel, type DownloadOptions } from '../hub/download-model.js';
import { hubSettings } from '../hub/hub-settings.js';
import { parseModelReference, wordHint } from '../hub/model-reference.js';

/**
 * The directory of a model that a user names: one that is there, a folder of the hub's cache among them, or one of
 * the hub, which is downloaded into the cache unless it is there.
 * @param others names that are neither, for messages
 * @throws InputError that says what a name that is neither could have meant; what `downloadModel` throws
 */
export async function findModelDirectory(
  name: string,
  others: string,
  options: DownloadOptions,
): Promise<string> {
  const found = await stat(name).catch(() => undefined);
  if (found?.isDirectory()) return (await snapshotOf(name)) ?? name;
  const takes =
    `--model takes a directory with config.json, a vocabulary and the weights, ORG/NAME[@REVISION] of the Hugging ` +
    `Face hub, or one of ${others}.`;
  if (found) throw new InputError(`the model ${name} is not a directory. ${takes}`);
  const { endpoint } = await hubSettings(options.env);
  const reference = parseModelReference(name, endpoint);
  if (reference) return (await downloadModel(reference, options)).directory;
  const hint = wordHint(name);
  throw new InputError(`the model ${name} does not exist. ${hint === undefined ? '' : `${hint} `}${takes}`);
}

/**
 * The snapshot that a folder of the hub's cache means, `models--ORG--NAME`; undefined for any other directory.
 * @throws InputError when it has several and no branch main, or is the cache itself
 */
async function snapshotOf(directory: string): Promise<string | undefined> {
  const entries = await namesIn(directory);
  if (entries.includes('config.json')) return undefined;
  const models = entries.filter((entry) => entry.startsWith('models--'));
  if (models.length > 0) {
    const references = models.map((entry) => entry.split('--').slice(1).join('/'));
    throw new InputError(
      `${directory} is a cache of models: name one of them, ${references.slice(0, 5).join(', ')}` +
        `${models.length > 5 ? ', …' : ''}.`,
    );
  }
  const folder = basename(directory) === 'snapshots' ? directory : join(directory, 'snapshots');
  if (folder !== directory && !entries.includes('snapshots')) return undefined;
  const snapshots = await namesIn(folder);
  const main = await readFile(join(folder, '../refs/main'), 'utf8').catch(() => '');
  const commit = snapshots.includes(main.trim())
    ? main.trim()
    : snapshots.length === 1
      ? snapshots[0]
      : undefined;
  if (commit !== undefined) return join(folder, commit);
  throw new InputError(
    `${directory} is a cache of one model with ${snapshots.length} snapshots: name one of them, ` +
      `${snapshots.slice(0, 5).join(', ') || 'of which there are none'}, in ${folder}.`,
  );
}

async function namesIn(directory: string): Promise<string[]> {
  try {
    return (await readdir(directory)).sort();
  } catch (error) {
    throw new InputError(`cannot read ${directory}: ${reason(error)}.`, { cause: error });
  }
}
