import { InputError } from '../../ipu-config/base/errors.js';
import type { Tensor } from '../../ipu-config/base/tensor.js';
import type { BertConfig, BertSlice } from '../models/bert/bert-config.js';

/**
 * Checks that a stage was given the tensors it takes.
 * @throws InputError that names the tensor, its shape and what it must be.
 */
export function checkStageInputs(config: BertConfig, slice: BertSlice, inputs: readonly Tensor[]): void {
  const mask = find(inputs, 'attention_mask', 'int32');
  const [batch, sequence] = mask.shape;
  if (mask.shape.length !== 2 || !batch || !sequence) {
    throw new InputError(
      `attention_mask has shape [${mask.shape.join(', ')}]; it must be [batch, sequence].`,
    );
  }
  if (sequence > config.maxPositionEmbeddings) {
    throw new InputError(
      `the sequence length ${sequence} is more than the model's ${config.maxPositionEmbeddings} positions.`,
    );
  }
  if (!slice.embedding) {
    expectShape(find(inputs, 'hidden_state', 'float32'), [batch, sequence, config.hiddenSize]);
    return;
  }
  const bounds = { input_ids: config.vocabSize, token_type_ids: config.typeVocabSize };
  for (const [name, bound] of Object.entries(bounds)) {
    const tensor = find(inputs, name, 'int32');
    expectShape(tensor, [batch, sequence]);
    expectBelow(tensor, bound);
  }
}

function find(inputs: readonly Tensor[], name: string, dtype: Tensor['dtype']): Tensor {
  const found = inputs.find((tensor) => tensor.name === name);
  if (found?.dtype === dtype) return found;
  const given = inputs.map((tensor) => `${tensor.name} (${tensor.dtype})`).join(', ') || 'nothing';
  throw new InputError(`the stage needs a ${dtype} tensor ${name}; it was given ${given}.`);
}

function expectShape({ name, shape, data }: Tensor, expected: readonly number[]): void {
  const size = expected.reduce((product, d) => product * d, 1);
  if (shape.length === expected.length && shape.every((d, at) => d === expected[at]) && data.length === size)
    return;
  throw new InputError(
    `${name} has shape [${shape.join(', ')}] and ${data.length} elements; it must be [${expected.join(', ')}].`,
  );
}

/** A row outside of an embedding table would be read as garbage or crash the library. */
function expectBelow({ name, shape, data }: Tensor, bound: number): void {
  const at = data.findIndex((id: number) => id < 0 || id >= bound);
  if (at < 0) return;
  const sequence = shape[1]!;
  throw new InputError(
    `${name}[${Math.floor(at / sequence)}, ${at % sequence}] is ${data[at]}; it must lie in 0 … ${bound - 1}.`,
  );
}
