import { join } from 'node:path';
import { trainerThroughput } from '../../../ipu-config/batching.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import { makeFolder, writeOutput } from '../../../ipu-config/base/files/output-file.js';
import type { BertModel, Note } from '../../runs/model.js';
import { withHead } from '../../runs/task-head.js';
import type { OptionValues } from '../../tasks/options.js';
import { answerSquad, countWindows, SQUAD_TASK } from '../../tasks/squad/evaluate-squad.js';
import { parseSquad, type SquadDataset, type SquadQuestion } from '../../tasks/squad/squad-file.js';
import { readAnswers, SquadJournal } from '../../tasks/squad/squad-journal.js';
import {
  squadV1Result,
  squadV2Result,
  type SquadV1Result,
  type SquadV2Result,
} from '../../tasks/squad/squad-metrics.js';
import { RESULT_FILES, writeSquadResults } from '../../tasks/squad/squad-results.js';
import type { CutModel } from '../../runs/cut-model.js';
import { openSession, taskContext } from '../../runs/session.js';
import type { Tokenizer } from '../../tokenizer/base/tokenizer.js';
import { optionsOf } from './task-flags.js';
import { readText } from '../../../ipu-config/base/files/read-text.js';
import { executorOf } from '../flags/executor-option.js';
import { cutAsAsked } from '../flags/cut-model.js';
import { abortOnInterrupt } from '../flags/ending.js';
import type { ModelFlags } from '../flags/model-flags.js';
import { openModelWithBar } from '../flags/open-model.js';
import { ProgressBars } from '../flags/progress.js';
import { pythonJson } from './python-json.js';
import { runSettings, type SquadChoices } from './squad-settings.js';
import { notesOnStderr } from '../flags/notes.js';
import { reportUnused } from '../flags/unused-tensors.js';

export interface EvalSquadFlags extends ModelFlags, OptionValues<typeof SQUAD_TASK.options> {
  readonly json?: boolean;
  readonly limit?: number;
  readonly resume?: boolean;
  readonly output: string;
}

export interface EvalSquadReport {
  readonly version: SquadDataset['version'];
  readonly questions: number;
  readonly metrics: SquadV1Result | SquadV2Result;
  /** Of the windows that this process ran; absent when a resumed run had nothing left. */
  readonly throughput?: EvalThroughput;
  readonly files: readonly string[];
}

/** As upstream's trainer counts: a sample is a window, a step a call; loading and what was answered before are apart. */
export interface EvalThroughput {
  readonly samples: number;
  readonly steps: number;
  readonly runtimeS: number;
  readonly samplesPerSecond: number;
  readonly stepsPerSecond: number;
}

const JOURNAL = 'answers.jsonl';
const METRICS = 'metrics.json';
/** All that is written to the output directory. */
export const OUTPUT_FILES = [JOURNAL, METRICS, ...Object.values(RESULT_FILES)];

interface Evaluation {
  readonly model: BertModel;
  readonly tokenizer: Tokenizer;
  readonly cut: CutModel;
  readonly choices: SquadChoices;
  readonly bars: ProgressBars;
  readonly signal: AbortSignal;
  readonly onNote: Note;
}

/** Everything that can be refused is refused before a thread is started or a file is written. */
export async function evaluateSquadFile(file: string, flags: EvalSquadFlags): Promise<EvalSquadReport> {
  const dataset = parseSquad(await readText(file), file);
  const questions = dataset.questions.slice(0, flags.limit);
  const signal = abortOnInterrupt();
  const onNote = notesOnStderr();
  const model = withHead(await openModelWithBar(flags.model, signal), 'question-answering');
  if (flags.verbose) await reportUnused(model);
  const { tokenizer, maxLength } = await taskContext({
    ...{ model, onNote, ...(flags.maxLength === undefined ? {} : { maxLength: flags.maxLength }) },
  });
  const choices = choicesOf(maxLength, dataset, { ...flags, executor: await executorOf(flags) });
  const cut = await cutAsAsked(model, flags.config);
  const settings = await runSettings(model, cut, dataset.questions, choices);
  const bars = new ProgressBars();
  const evaluation = { model, tokenizer, cut, choices, bars, signal, onNote };
  try {
    const windows = await windowCounts(questions, evaluation);
    makeFolder(flags.output);
    const path = join(flags.output, JOURNAL);
    const journal = await SquadJournal.open(path, settings, dataset.questions, flags.resume ?? false);
    let throughput: EvalThroughput | undefined;
    try {
      throughput = await answerRest(questions, windows, journal, evaluation);
    } finally {
      journal.close();
    }
    const result = await results(flags.output, { ...dataset, questions }, choices);
    return { version: dataset.version, ...result, ...(throughput ? { throughput } : {}) };
  } catch (error) {
    if (!evaluation.signal.aborted || error !== evaluation.signal.reason) throw error;
    throw new InputError(`stopped: --resume goes on with the run in ${flags.output}.`, { cause: error });
  } finally {
    bars.stop();
  }
}

function choicesOf(maxLength: number, { version }: SquadDataset, flags: EvalSquadFlags): SquadChoices {
  const nullThreshold = flags.nullThreshold ?? (version === '2.0' ? 0 : undefined);
  return {
    ...{ executor: flags.executor, maxLength, docStride: flags.docStride ?? Math.floor(maxLength / 3) },
    ...{ nBest: flags.nBest, maxAnswerLength: flags.maxAnswerLength },
    ...(nullThreshold === undefined ? {} : { nullThreshold }),
  };
}

/** Windows of each question: finds a question that cannot be run hours before its turn, and makes the ETA true. */
async function windowCounts(
  questions: readonly SquadQuestion[],
  { tokenizer, choices, bars, signal }: Evaluation,
): Promise<number[]> {
  const bar = bars.start('reading questions', questions.length, 'questions');
  const counts: number[] = [];
  for (const question of questions) {
    counts.push(countWindows(tokenizer, question, choices));
    if (counts.length % 200 > 0) continue;
    bar.update(counts.length);
    await new Promise((next) => setImmediate(next));
    signal.throwIfAborted();
  }
  bar.stop();
  return counts;
}

async function answerRest(
  questions: readonly SquadQuestion[],
  windows: readonly number[],
  journal: SquadJournal,
  { model, cut, choices, bars, signal, onNote }: Evaluation,
): Promise<EvalThroughput | undefined> {
  const left = questions.slice(journal.answered);
  if (left.length === 0) return undefined;
  const counts = windows.slice(journal.answered);
  const samples = counts.reduce((sum, count) => sum + count, 0);
  const { executor, maxLength } = choices;
  const options = optionsOf(SQUAD_TASK.options, choices);
  await using session = await openSession({
    ...{ ...cut, model, task: SQUAD_TASK, options, executor, maxLength, onNote },
  });
  const bar = bars.start('answering', samples, 'windows');
  const began = performance.now();
  let done = 0;
  let answers = 0;
  for await (const answered of answerSquad(session, left)) {
    journal.add(answered);
    done += counts[answers++]!;
    bar.update(done);
    if (signal.aborted) break;
  }
  signal.throwIfAborted();
  const runtimeS = (performance.now() - began) / 1000;
  bar.stop();
  const steps = Math.ceil(samples / (cut.replicas * cut.deviceIterations));
  return { samples, steps, runtimeS, ...trainerThroughput(samples, steps, runtimeS) };
}

/** Everything is made from the journal alone, so that a resumed run gives the same bytes. */
async function results(
  directory: string,
  { questions, version }: SquadDataset,
  { nullThreshold }: SquadChoices,
): Promise<Pick<EvalSquadReport, 'questions' | 'metrics' | 'files'>> {
  const answers = (): ReturnType<typeof readAnswers> =>
    readAnswers(join(directory, JOURNAL), questions.length);
  const withNull = nullThreshold !== undefined;
  const files = await writeSquadResults(directory, answers, withNull);
  const predictions = new Map<string, string>();
  const nullOdds = new Map<string, number>();
  for await (const { id, answer } of answers()) {
    predictions.set(id, answer.text);
    if (answer.nullScoreDifference !== undefined) nullOdds.set(id, answer.nullScoreDifference);
  }
  const metrics =
    version === '2.0'
      ? squadV2Result(questions, predictions, {
          noAnswerScores: nullOdds,
          noAnswerThreshold: nullThreshold ?? 0,
        })
      : squadV1Result(questions, predictions);
  const path = join(directory, METRICS);
  writeOutput(path, `${pythonJson(metrics, true)}\n`);
  return { questions: questions.length, metrics, files: [...files, path] };
}
