import { finalText } from './final-text.js';
import type { AnswerOptions } from '../answer-spans.js';
import { likeliest, softmax } from '../likelihood.js';

/** A window of a document that was cut at white space into words, as transformers' data/processors/squad.py makes it. */
export interface SquadWindow {
  readonly startLogits: ArrayLike<number>;
  readonly endLogits: ArrayLike<number>;
  /** Pieces of the row, padding left out. */
  readonly tokens: readonly string[];
  /** Word of the document that a piece of it is part of, by the piece's place in the row. */
  readonly tokenToWord: ReadonlyMap<number, number>;
  /** Pieces of which no other window shows more of the surroundings. */
  readonly isMaxContext: (token: number) => boolean;
}

export interface SquadAnswerOptions extends AnswerOptions {
  readonly lowerCase: boolean;
}

export interface SquadCandidate {
  readonly text: string;
  readonly probability: number;
  readonly startLogit: number;
  readonly endLogit: number;
}

export interface SquadAnswer {
  readonly text: string;
  readonly nullScoreDifference?: number;
  readonly nBest: readonly SquadCandidate[];
}

interface Preliminary {
  readonly window: SquadWindow | undefined;
  readonly first: number;
  readonly last: number;
  readonly startLogit: number;
  readonly endLogit: number;
}

/** More than any score: what a window's "no answer" has to undercut. */
const NO_NULL_SCORE = 1_000_000;

/**
 * The best answers as transformers' data/metrics/squad_metrics.py (`compute_predictions_logits`) finds them: by
 * words of the document, each text once. Scores are float64 sums of logits.
 */
export function squadAnswer(
  words: readonly string[],
  windows: readonly SquadWindow[],
  options: SquadAnswerOptions,
): SquadAnswer {
  const { nBest = 20, maxAnswerLength = 30, nullThreshold, lowerCase } = options;
  const preliminary = windows.flatMap((window) => preliminaryOf(window, nBest, maxAnswerLength));
  const none = nullThreshold === undefined ? undefined : nullOf(windows);
  if (none) preliminary.push(none);
  preliminary.sort((a, b) => scoreOf(b) - scoreOf(a));
  const best = distinctTexts(preliminary, words, nBest, lowerCase);
  if (none && !best.some(({ text }) => text === '')) best.push({ text: '', ...logitsOf(none) });
  if (best.length === 0 || (none && best.length === 1))
    best.unshift({ text: 'empty', startLogit: 0, endLogit: 0 });
  const probabilities = softmax(best.map(scoreOf));
  const spans = best.map((span, at) => ({ ...span, probability: probabilities[at]! }));
  if (!none) return { text: spans[0]!.text, nBest: spans };
  const found = spans.find(({ text }) => text !== '')!;
  const nullScoreDifference = scoreOf(none) - found.startLogit - found.endLogit;
  const text = nullScoreDifference > nullThreshold! ? '' : found.text;
  return { text, nullScoreDifference, nBest: spans };
}

function preliminaryOf(window: SquadWindow, nBest: number, maxAnswerLength: number): Preliminary[] {
  const { startLogits, endLogits, tokens, tokenToWord, isMaxContext } = window;
  const isOfDocument = (at: number): boolean => at < tokens.length && tokenToWord.has(at);
  const ends = likeliest(endLogits, nBest).filter(isOfDocument);
  const starts = likeliest(startLogits, nBest).filter((at) => isOfDocument(at) && isMaxContext(at));
  return starts.flatMap((first) =>
    ends
      .filter((last) => last >= first && last - first + 1 <= maxAnswerLength)
      .map((last) => ({ window, first, last, startLogit: startLogits[first]!, endLogit: endLogits[last]! })),
  );
}

function nullOf(windows: readonly SquadWindow[]): Preliminary {
  let least: Preliminary = { window: undefined, first: 0, last: 0, startLogit: 0, endLogit: NO_NULL_SCORE };
  for (const { startLogits, endLogits } of windows) {
    const one = { ...least, startLogit: startLogits[0]!, endLogit: endLogits[0]! };
    if (scoreOf(one) < scoreOf(least)) least = one;
  }
  return least;
}

function distinctTexts(
  preliminary: readonly Preliminary[],
  words: readonly string[],
  nBest: number,
  lowerCase: boolean,
): Omit<SquadCandidate, 'probability'>[] {
  const best = new Map<string, Omit<SquadCandidate, 'probability'>>();
  for (const one of preliminary) {
    if (best.size >= nBest) break;
    const text = one.window ? textOf(one.window, one, words, lowerCase) : '';
    if (!best.has(text)) best.set(text, { text, ...logitsOf(one) });
  }
  return [...best.values()];
}

function textOf(
  { tokens, tokenToWord }: SquadWindow,
  { first, last }: Preliminary,
  words: readonly string[],
  lowerCase: boolean,
): string {
  const pieces = tokens
    .slice(first, last + 1)
    .join(' ')
    .replaceAll(' ##', '');
  const predicted = pieces.split(/\s+/).filter(Boolean).join(' ');
  const original = words.slice(tokenToWord.get(first), tokenToWord.get(last)! + 1).join(' ');
  return finalText(predicted, original, lowerCase);
}

function logitsOf({ startLogit, endLogit }: Preliminary): { startLogit: number; endLogit: number } {
  return { startLogit, endLogit };
}

function scoreOf({ startLogit, endLogit }: { startLogit: number; endLogit: number }): number {
  return startLogit + endLogit;
}
