/** Numbers as people read them: three significant figures, no exponent. */
export function figure(value: number): string {
  if (!Number.isFinite(value)) return '–';
  const magnitude = Math.abs(value);
  if (magnitude >= 100) return value.toFixed(0);
  if (magnitude >= 10) return value.toFixed(1);
  if (magnitude >= 1) return value.toFixed(2);
  return value.toPrecision(2);
}

export function percent(share: number): string {
  return `${(share * 100).toFixed(share >= 0.0995 ? 0 : 1)} %`;
}

/** `+3.2 %`, `−12 %`. */
export function signedPercent(share: number): string {
  return `${share < 0 ? '−' : '+'}${percent(Math.abs(share))}`;
}

/** Binary units, because memory is sold in them. */
export function bytes(count: number): string {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let value = count;
  let unit = 0;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${figure(value)} ${units[unit]}`;
}

/** Milliseconds, or seconds when there are many. */
export function milliseconds(ms: number): string {
  return ms >= 10_000 ? `${figure(ms / 1000)} s` : `${figure(ms)} ms`;
}
