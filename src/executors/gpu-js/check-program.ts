import { InputError, InternalError } from '../../../ipu-config/base/errors.js';
import type { Program } from '../../models/program.js';
import { inputsOf } from '../../models/steps.js';
import { floatInputs, MOST_TABLES } from './micro-batch.js';

/** Rows of a table reach kernels as float32, in which a quotient of two of them is still told from 1 up to here. */
const MOST_ROWS = 2 ** 21;

/**
 * Steps of the same name leave their results in the same place, so that all layers share the memory of one: a value
 * must not be needed when a step of its name has run again.
 * @throws InputError when a table has more rows than can be told apart; InternalError for programs that cannot be lowered
 */
export function checkProgram(program: Program): void {
  const { steps, outputs } = program;
  for (const step of steps) {
    if (step.op !== 'embed') continue;
    const rows = Math.max(...step.tables.map(({ table }) => table.shape[0]!));
    if (rows > MOST_ROWS) {
      throw new InputError(
        `the gpu.js executor takes at most ${MOST_ROWS} tokens in the vocabulary, and this model has ${rows}: ` +
          'use another executor.',
      );
    }
    if (step.tables.length > MOST_TABLES)
      throw new InternalError(`${step.name} has ${step.tables.length} tables`);
  }
  if (floatInputs(program).length > 1) throw new InternalError('a program has more than one float32 input');
  const wanted = new Set(outputs.map(({ of }) => of));
  steps.forEach((step, at) => {
    const again = steps.findIndex(({ name }, later) => later > at && name === step.name);
    if (again < 0) return;
    const used = steps.slice(again + 1).some((later) => inputsOf(later).includes(step.output));
    if (used || wanted.has(step.output.name)) {
      throw new InternalError(`${step.output.name} is needed after another step ${step.name}`);
    }
  });
}
