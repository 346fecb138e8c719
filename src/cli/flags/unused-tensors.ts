import { checkWeights, type BertModel } from '../../runs/model.js';

/** Says on stderr which tensors of the files the model with its head leaves aside. */
export async function reportUnused(model: BertModel): Promise<void> {
  const unused = await checkWeights(model, model.head);
  const head = model.head === null ? 'the encoder alone' : `a ${model.head} head`;
  const count = unused.length === 0 ? 'no tensor is' : `${unused.length} tensors are`;
  process.stderr.write(`${model.name}: ${count} left aside, for ${head} does not need them\n`);
  for (const name of unused) process.stderr.write(`  ${name}\n`);
}
