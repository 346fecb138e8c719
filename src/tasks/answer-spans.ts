import { likeliest } from './likelihood.js';

/** What the model said about one window, and where its pieces stand in the context. */
export interface WindowLogits {
  readonly startLogits: ArrayLike<number>;
  readonly endLogits: ArrayLike<number>;
  /** UTF-16 offsets into the context of each piece; null for pieces that are not of the context. */
  readonly contextOffsets: readonly (readonly [number, number] | null)[];
}

export interface AnswerOptions {
  /** Most answers that are kept, and most starts and ends that are combined in each window; 20 when absent. */
  readonly nBest?: number | undefined;
  /** In pieces; 30 when absent. */
  readonly maxAnswerLength?: number | undefined;
  /**
   * SQuAD 2: the question may have no answer. It has none when the score of "no answer" exceeds the best answer's by
   * more than this. Absent: there is always an answer.
   */
  readonly nullThreshold?: number | undefined;
}

/** One possible answer; the empty text is "no answer". */
export interface AnswerSpan {
  readonly text: string;
  /** UTF-16 offsets into the context; both 0 for no answer. */
  readonly start: number;
  readonly end: number;
  /** Of this answer among the n best. */
  readonly probability: number;
  readonly startLogit: number;
  readonly endLogit: number;
}

/** The part of a context that answers a question: `start` and `end` are UTF-16 offsets into it. */
export interface Answer {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly probability: number;
  /** Score of "no answer" above the best answer's; only with a `nullThreshold`. */
  readonly nullScoreDifference?: number;
  readonly nBest: readonly AnswerSpan[];
}

interface Candidate {
  readonly start: number;
  readonly end: number;
  readonly startLogit: number;
  readonly endLogit: number;
  readonly score: number;
  /** Upstream's stand-in for "nothing found" has this text and no place. */
  readonly text?: string;
}

const NOTHING_FOUND: Candidate = { start: 0, end: 0, startLogit: 0, endLogit: 0, score: 0, text: 'empty' };

/**
 * The best answers over all windows of a context, as transformers' examples/pytorch/question-answering/utils_qa.py
 * (`postprocess_qa_predictions`) finds them. Scores are float32 sums of logits.
 */
export function answerFromLogits(
  context: string,
  windows: readonly WindowLogits[],
  options: AnswerOptions = {},
): Answer {
  const { nBest = 20, maxAnswerLength = 30, nullThreshold } = options;
  const candidates = windows.flatMap((window) => candidatesOf(window, nBest, maxAnswerLength));
  const none = nullThreshold === undefined ? undefined : leastNull(windows);
  if (none) candidates.push(none);
  const best = candidates.sort((a, b) => b.score - a.score).slice(0, nBest);
  if (none && !best.some(({ start, end }) => start === 0 && end === 0)) best.push(none);
  const textOf = (span: Candidate): string => span.text ?? context.slice(span.start, span.end);
  if (best.length === 0 || (best.length === 1 && textOf(best[0]!) === '')) best.unshift(NOTHING_FOUND);
  const probabilities = softmax32(best.map(({ score }) => score));
  const spans = best.map((span, at): AnswerSpan => {
    const { start, end, startLogit, endLogit } = span;
    return { text: textOf(span), start, end, probability: probabilities[at]!, startLogit, endLogit };
  });
  return none ? answerOrNone(spans, none, nullThreshold!) : { ...placeOf(spans[0]!), nBest: spans };
}

/** All pairs of the n likeliest starts and ends of a window that make an answer of the context. */
function candidatesOf(window: WindowLogits, nBest: number, maxAnswerLength: number): Candidate[] {
  const { startLogits, endLogits, contextOffsets } = window;
  const ends = likeliest(endLogits, nBest);
  return likeliest(startLogits, nBest).flatMap((first) =>
    ends.flatMap((last): Candidate[] => {
      const [from, to] = [contextOffsets[first], contextOffsets[last]];
      if (!from || !to || last < first || last - first + 1 > maxAnswerLength) return [];
      const [startLogit, endLogit] = [startLogits[first]!, endLogits[last]!];
      return [
        { start: from[0], end: to[1], startLogit, endLogit, score: Math.fround(startLogit + endLogit) },
      ];
    }),
  );
}

/** "No answer" points to the first piece, `[CLS]`; the window that believes in it least speaks for all. */
function leastNull(windows: readonly WindowLogits[]): Candidate | undefined {
  const nulls = windows.map(({ startLogits, endLogits }): Candidate => {
    const [startLogit, endLogit] = [startLogits[0]!, endLogits[0]!];
    return { start: 0, end: 0, startLogit, endLogit, score: Math.fround(startLogit + endLogit) };
  });
  return nulls.reduce<Candidate | undefined>(
    (least, one) => (least && least.score <= one.score ? least : one),
    undefined,
  );
}

function answerOrNone(spans: readonly AnswerSpan[], none: Candidate, threshold: number): Answer {
  const best = spans.find(({ text }) => text !== '') ?? spans[0]!;
  const nullScoreDifference = Math.fround(Math.fround(none.score - best.startLogit) - best.endLogit);
  const chosen = nullScoreDifference > threshold ? (spans.find(({ text }) => text === '') ?? best) : best;
  return { ...placeOf(chosen), nullScoreDifference, nBest: spans };
}

function placeOf({ text, start, end, probability }: AnswerSpan): Omit<Answer, 'nBest'> {
  return { text, start, end, probability };
}

/** In single precision, as upstream computes it. */
function softmax32(scores: readonly number[]): number[] {
  const largest = Math.max(...scores);
  const powers = scores.map((score) => Math.fround(Math.exp(Math.fround(score - largest))));
  const sum = Math.fround(powers.reduce((a, b) => a + b, 0));
  return powers.map((power) => Math.fround(power / sum));
}
