import { join } from 'node:path';
import { OutputFile } from '../../../ipu-config/base/files/output-file.js';
import type { AnswerSpan } from '../answer-spans.js';
import type { AnsweredQuestion } from './evaluate-squad.js';

/** Files of transformers' run_qa.py, in the form that it writes and the official scripts read. */
export const RESULT_FILES = {
  predictions: 'predictions.json',
  nBest: 'nbest_predictions.json',
  nullOdds: 'null_odds.json',
} as const;

/**
 * Writes predicted texts, and n best answers, and with SQuAD 2 by how much "no answer" scores above the best answer,
 * each an object by question id. Answers are read once for each file and held one at a time.
 * @returns the paths that were written
 * @throws InputError where one cannot be written
 */
export async function writeSquadResults(
  directory: string,
  answers: () => AsyncIterable<AnsweredQuestion>,
  withNullOdds: boolean,
): Promise<string[]> {
  const forms: [string, (answered: AnsweredQuestion) => unknown][] = [
    [RESULT_FILES.predictions, ({ answer }) => answer.text],
    [RESULT_FILES.nBest, ({ answer }) => answer.nBest.map(upstreamSpan)],
  ];
  if (withNullOdds) forms.push([RESULT_FILES.nullOdds, ({ answer }) => answer.nullScoreDifference]);
  const paths: string[] = [];
  for (const [name, form] of forms) {
    const path = join(directory, name);
    const file = new OutputFile(path);
    try {
      for await (const text of objectText(answers(), form)) file.write(text);
      file.commit();
    } finally {
      file.discard();
    }
    paths.push(path);
  }
  return paths;
}

function upstreamSpan({ startLogit, endLogit, text, probability }: AnswerSpan): object {
  return { start_logit: startLogit, end_logit: endLogit, text, probability };
}

/** As Python's `json.dumps(…, indent=4)` sets it out. */
async function* objectText(
  answers: AsyncIterable<AnsweredQuestion>,
  form: (answered: AnsweredQuestion) => unknown,
): AsyncGenerator<string> {
  let before = '{';
  for await (const answered of answers) {
    const value = JSON.stringify(form(answered), null, 4).replaceAll('\n', '\n    ');
    yield `${before}\n    ${JSON.stringify(answered.id)}: ${value}`;
    before = ',';
  }
  yield before === '{' ? '{}\n' : '\n}\n';
}
