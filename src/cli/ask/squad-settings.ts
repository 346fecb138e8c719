import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { BertModel } from '../../runs/model.js';
import type { RunSettings } from '../../tasks/squad/squad-journal.js';
import type { SquadQuestion } from '../../tasks/squad/squad-file.js';
import { VERSION } from '../../../ipu-config/base/files/version.js';
import type { CutModel } from '../../runs/cut-model.js';

export interface SquadChoices {
  readonly executor: string;
  readonly maxLength: number;
  readonly docStride: number;
  readonly nBest: number;
  readonly maxAnswerLength: number;
  readonly nullThreshold?: number;
}

/** Everything that may change an answer by a bit; how many questions are answered may not. */
export async function runSettings(
  model: BertModel,
  cut: CutModel,
  questions: readonly SquadQuestion[],
  choices: SquadChoices,
): Promise<RunSettings> {
  return {
    ...{ ipuPipeline: VERSION, questions: digest(questions), model: await modelIdentity(model) },
    ...choices,
    nullThreshold: choices.nullThreshold ?? null,
    stages: cut.stages.map(({ name }) => name).join(' | '),
    threadsPerStage: cut.threadsPerStage,
  };
}

const MODEL_FILE =
  /^(?:config|tokenizer.*|special_tokens_map|added_tokens|.*\.index)\.json$|^vocab\.(?:txt|json)$|^merges\.txt$|\.(?:safetensors|bin)$/;

/** A generated model by its name; a directory by the sizes and times of its files, as hashing weights takes long. */
async function modelIdentity({ name, directory }: BertModel): Promise<string> {
  if (directory === undefined) return name;
  const files = (await readdir(directory)).filter((file) => MODEL_FILE.test(file)).sort();
  const facts = await Promise.all(
    files.map(async (file) => {
      const { size, mtimeMs } = await stat(join(directory, file));
      return [file, size, mtimeMs];
    }),
  );
  return digest(facts);
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 16);
}
