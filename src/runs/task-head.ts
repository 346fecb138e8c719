import { InputError } from '../../ipu-config/base/errors.js';
import { familyOf } from '../models/families/families.js';
import { headOf } from '../models/family.js';
import type { ModelHead } from '../models/model-config.js';
import type { BertModel } from './model.js';

/** A model that was trained for both has the weights of each. */
const PART_OF_PRE_TRAINING: readonly (ModelHead | null)[] = ['masked-lm', 'next-sentence-prediction'];

/**
 * The model with the head that a task needs: its own, or a part of it. The encoder alone (null) is in every model,
 * synthetic models have any head, and a directory that names none is taken at the user's word: its weights are
 * checked all the same.
 * @throws InputError that names the model's head and the one that is needed, or the heads of its family
 */
export function withHead(model: BertModel, wanted: ModelHead | null): BertModel {
  const { head, name, weights, config } = model;
  if (wanted !== null) headOf(familyOf(config), wanted);
  const isThere =
    head === wanted ||
    wanted === null ||
    head === null ||
    weights.kind === 'synthetic' ||
    (head === 'pre-training' && PART_OF_PRE_TRAINING.includes(wanted));
  if (isThere) return { ...model, head: wanted };
  throw new InputError(
    `${name} has ${head === 'pooler' ? 'no head' : `a ${head} head`}; this needs ${wanted === 'pooler' ? 'a pooler' : wanted}.`,
  );
}
