/** Probabilities of logits, in double precision. */
export function softmax(logits: ArrayLike<number>): number[] {
  let most = -Infinity;
  for (let at = 0; at < logits.length; at++) most = Math.max(most, logits[at]!);
  const powers = Array.from(logits, (logit) => Math.exp(logit - most));
  const sum = powers.reduce((total, power) => total + power, 0);
  return powers.map((power) => power / sum);
}

/** Each logit's own probability: for labels that do not exclude each other. */
export function sigmoid(logits: ArrayLike<number>): number[] {
  return Array.from(logits, (logit) => 1 / (1 + Math.exp(-logit)));
}

/** Indices of the largest values, largest first; of equal ones the earlier first. */
export function likeliest(values: ArrayLike<number>, count: number): number[] {
  return Array.from(values, (_, at) => at)
    .sort((a, b) => values[b]! - values[a]!)
    .slice(0, count);
}
