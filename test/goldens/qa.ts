import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseVocabulary } from 'ipu-pipeline/tokenizer';
import {
  answerFromLogits,
  finalText,
  squadAnswer,
  type AnswerOptions,
  type SquadWindow,
} from 'ipu-pipeline/tasks';

type Report = (name: string, error?: string) => void;
type Row = [string, number, number, number];

const FOLDER = 'golden/qa-postprocess';
const VOCABULARY = 'vocab/bert-base-uncased-vocab.txt';
/** Probabilities are single-precision quotients of sums whose order upstream leaves to numpy. */
const PROBABILITY_TOLERANCE = 2e-6;

interface Run {
  name: string;
  params: {
    version_2_with_negative: boolean;
    null_score_diff_threshold: number;
    n_best_size: number;
    max_answer_length: number;
  };
  predictions: Record<string, string>;
  nbest: Record<string, Row[]>;
  score_diff?: Record<string, number>;
}
interface Logits {
  start_logits: number[];
  end_logits: number[];
}
interface QaFeature extends Logits {
  example_id: string;
  input_ids: number[];
  context_start: number;
  context_offsets_utf16: [number, number][];
}
interface SquadFeature extends Logits {
  example_index: number;
  qas_id: string;
  input_ids: number[];
  n_tokens: number;
  context_start: number;
  token_to_orig: number[];
  token_is_max_context: number[];
}
interface Config<Feature> {
  max_length?: number;
  max_seq_length?: number;
  do_lower_case: boolean;
  examples: { id: string; context: string; doc_tokens: string[] }[];
  features: Feature[];
  runs: Run[];
}

export function missing(dir: string): string | undefined {
  return existsSync(join(dir, FOLDER)) ? undefined : `${FOLDER} is not there`;
}

export async function run(dir: string, report: Report): Promise<void> {
  await Promise.resolve();
  const read = <T>(name: string): T | undefined => {
    const path = join(dir, FOLDER, name);
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as T) : undefined;
  };
  runQa(read<{ configs: Config<QaFeature>[] }>('run_qa.json')?.configs ?? [], report);
  const vocabulary = join(dir, VOCABULARY);
  const squad = read<{ configs: Config<SquadFeature>[] }>('run_squad.json')?.configs ?? [];
  if (squad.length > 0) runSquad(squad, parseVocabulary(readFileSync(vocabulary, 'utf8')), report);
  for (const [at, one] of (read<{ cases: FinalTextCase[] }>('get_final_text.json')?.cases ?? []).entries()) {
    const got = finalText(one.pred_text, one.orig_text, one.do_lower_case);
    report(
      `get_final_text ${at}`,
      got === one.final_text ? undefined : `got ${got}, expected ${one.final_text}`,
    );
  }
}

interface FinalTextCase {
  pred_text: string;
  orig_text: string;
  do_lower_case: boolean;
  final_text: string;
}

function optionsOf({ params }: Run): AnswerOptions {
  return {
    nBest: params.n_best_size,
    maxAnswerLength: params.max_answer_length,
    ...(params.version_2_with_negative ? { nullThreshold: params.null_score_diff_threshold } : {}),
  };
}

function runQa(configs: Config<QaFeature>[], report: Report): void {
  for (const { max_length, examples, features, runs } of configs) {
    for (const one of runs) {
      for (const { id, context } of examples) {
        const windows = features
          .filter((feature) => feature.example_id === id)
          .map((feature) => ({
            startLogits: Float32Array.from(feature.start_logits),
            endLogits: Float32Array.from(feature.end_logits),
            contextOffsets: contextOffsets(feature),
          }));
        const answer = answerFromLogits(context, windows, optionsOf(one));
        report(`run_qa ${max_length} ${one.name} ${id}`, difference(answer, one, id));
        const unplaced = answer.nBest.find(
          ({ text, start, end }) => text !== 'empty' && context.slice(start, end) !== text,
        );
        report(
          `run_qa ${max_length} ${one.name} ${id} offsets`,
          unplaced && `${unplaced.text} is not at its offsets`,
        );
      }
    }
  }
}

function contextOffsets({
  input_ids,
  context_start,
  context_offsets_utf16,
}: QaFeature): ([number, number] | null)[] {
  return input_ids.map((_, at) => context_offsets_utf16[at - context_start] ?? null);
}

function runSquad(configs: Config<SquadFeature>[], pieces: string[], report: Report): void {
  for (const { max_seq_length, do_lower_case, examples, features, runs } of configs) {
    for (const one of runs) {
      examples.forEach(({ id, doc_tokens }, example) => {
        const windows = features
          .filter((feature) => feature.example_index === example)
          .map((feature) => squadWindow(feature, pieces));
        const answer = squadAnswer(doc_tokens, windows, { ...optionsOf(one), lowerCase: do_lower_case });
        report(`run_squad ${max_seq_length} ${one.name} ${id}`, difference(answer, one, id));
      });
    }
  }
}

function squadWindow(feature: SquadFeature, pieces: string[]): SquadWindow {
  const { context_start, token_to_orig, token_is_max_context } = feature;
  return {
    startLogits: feature.start_logits,
    endLogits: feature.end_logits,
    tokens: feature.input_ids.slice(0, feature.n_tokens).map((id) => pieces[id]!),
    tokenToWord: new Map(token_to_orig.map((word, at) => [context_start + at, word])),
    isMaxContext: (token) => token_is_max_context[token - context_start] === 1,
  };
}

interface Found {
  text: string;
  nullScoreDifference?: number;
  nBest: readonly { text: string; probability: number; startLogit: number; endLogit: number }[];
}

function difference(got: Found, { predictions, nbest, score_diff }: Run, id: string): string | undefined {
  if (got.text !== predictions[id]) return `answer "${got.text}", expected "${predictions[id]}"`;
  // Not every run records the n-best answers of every example.
  const wanted = nbest[id] ?? [];
  if (nbest[id] && got.nBest.length !== wanted.length)
    return `${got.nBest.length} answers, expected ${wanted.length}`;
  for (const [at, [text, probability, start, end]] of wanted.entries()) {
    const one = got.nBest[at]!;
    if (one.text !== text) return `answer ${at} is "${one.text}", expected "${text}"`;
    if (Math.abs(one.probability - probability) > PROBABILITY_TOLERANCE) {
      return `answer ${at} has probability ${one.probability}, expected ${probability}`;
    }
    if (Math.abs(one.startLogit - start) > 1e-6 || Math.abs(one.endLogit - end) > 1e-6)
      return `logits of answer ${at}`;
  }
  const expected = score_diff?.[id];
  if (expected === undefined || Math.abs((got.nullScoreDifference ?? NaN) - expected) < 1e-5)
    return undefined;
  return `null score difference ${got.nullScoreDifference}, expected ${expected}`;
}
