/** ASCII punctuation, Python's string.punctuation: other scripts' punctuation stays. */
const PUNCTUATION = /[!-/:-@[-`{-~]/g;
/** Articles between what Python's `\b` takes for word boundaries: letters, numbers of any kind, the underscore. */
const ARTICLES = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;
/** What Python's `str.split()` splits on; JavaScript's `\s` has other ends. */
const WHITE_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/u;

/** Lower case, without ASCII punctuation and articles, single spaces: `normalize_answer` of both official scripts. */
export function normalizeAnswer(text: string): string {
  return wordsOf(text).join(' ');
}

/** 1 where both are the same when normalised, else 0. */
export function answerExact(prediction: string, truth: string): 0 | 1 {
  return normalizeAnswer(prediction) === normalizeAnswer(truth) ? 1 : 0;
}

/** Harmonic mean of precision and recall of words, as evaluate-v1.1.py: 0 where either has no words. */
export function answerF1(prediction: string, truth: string): number {
  return wordsF1(wordsOf(prediction), wordsOf(truth));
}

/** As evaluate-v2.0.py: two texts without words agree. */
export function noAnswerF1(prediction: string, truth: string): number {
  const [predicted, wanted] = [wordsOf(prediction), wordsOf(truth)];
  if (predicted.length === 0 || wanted.length === 0) return predicted.length === wanted.length ? 1 : 0;
  return wordsF1(predicted, wanted);
}

function wordsOf(text: string): string[] {
  return text
    .toLowerCase()
    .replace(PUNCTUATION, '')
    .replace(ARTICLES, ' ')
    .split(WHITE_SPACE)
    .filter(Boolean);
}

function wordsF1(predicted: readonly string[], wanted: readonly string[]): number {
  const left = new Map<string, number>();
  for (const word of wanted) left.set(word, (left.get(word) ?? 0) + 1);
  let common = 0;
  for (const word of predicted) {
    const count = left.get(word) ?? 0;
    if (count === 0) continue;
    left.set(word, count - 1);
    common++;
  }
  if (common === 0) return 0;
  const precision = common / predicted.length;
  const recall = common / wanted.length;
  return (2 * precision * recall) / (precision + recall);
}
