/**
 * A polynomial hash mod 2³² over UTF-16 units. That of a part follows from those of two prefixes:
 * hash(from, to) = prefix(to) − prefix(from) · BASE^(to − from).
 */
const BASE = 0x9e3779b1;

export const emptyHash = 0;

export function extendHash(hash: number, unit: number): number {
  return (Math.imul(hash, BASE) + unit + 1) | 0;
}

/** BASE^0 … BASE^count. */
export function basePowers(count: number): Int32Array {
  const powers = new Int32Array(count + 1).fill(1);
  for (let k = 1; k <= count; k++) powers[k] = Math.imul(powers[k - 1]!, BASE);
  return powers;
}

/** @param power BASE to the length of the part */
export function partHash(prefixAtFrom: number, prefixAtTo: number, power: number): number {
  return (prefixAtTo - Math.imul(prefixAtFrom, power)) | 0;
}
