/** A throughput, and between what its parts lay; a short run has no spread. */
interface Measured {
  readonly sequencesPerSecond: number;
  readonly spread?: { readonly low: number; readonly high: number } | undefined;
}

/** Half the spread of a throughput, relative to it; undefined without one. */
export function noiseOf({ spread, sequencesPerSecond }: Measured): number | undefined {
  return spread && (spread.high - spread.low) / 2 / sequencesPerSecond;
}

/** By how much the ratio of two throughputs may be off; undefined where one of them has no spread. */
export function ratioNoise(a: Measured, b: Measured): number | undefined {
  const [ofA, ofB] = [noiseOf(a), noiseOf(b)];
  return ofA === undefined || ofB === undefined ? undefined : Math.hypot(ofA, ofB);
}
