import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { Head, ModelShape } from '../../hardware/model-shape.js';
import { publishedModel, PUBLISHED_MODELS } from '../../hardware/published-models.js';
import { shapeOfConfig } from '../../hardware/shape-of-config.js';
import { readText } from '../../../ipu-config/base/files/read-text.js';

/**
 * The sizes of a model: a published name, a Hugging Face directory or its `config.json`. Weights are not read.
 * @throws InputError, CheckpointError that say what there is, or which key of config.json is missing or wrong
 */
export async function readModelShape(source: string, head?: Head): Promise<ModelShape> {
  const found = await stat(source).catch(() => undefined);
  if (!found) {
    const published = publishedModel(source, head);
    if (published) return published;
    throw new InputError(
      `There is no model ${source}: give a directory with a config.json, that file, or one of ${PUBLISHED_MODELS.join(', ')}.`,
    );
  }
  const file = found.isDirectory() ? join(source, 'config.json') : source;
  return { ...shapeOfConfig(file, await readText(file), head), name: source };
}
