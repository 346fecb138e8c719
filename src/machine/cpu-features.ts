import { readFile } from 'node:fs/promises';

/** Instructions that decide how fast matrices are multiplied, as Linux spells them. */
const RELEVANT = new Set([
  ...['sse4_1', 'sse4_2', 'avx', 'avx2', 'fma', 'f16c', 'avx_vnni', 'avx512f', 'avx512bw', 'avx512vl'],
  ...['avx512_vnni', 'avx512_bf16', 'avx512_fp16', 'amx_tile', 'amx_int8', 'amx_bf16'],
  ...['asimd', 'asimdhp', 'asimddp', 'i8mm', 'bf16', 'sve', 'sve2'],
]);

/** The processor's instructions of interest; undefined where the system does not tell (anything but Linux). */
export async function cpuFeatures(): Promise<string[] | undefined> {
  const text = await readFile('/proc/cpuinfo', 'utf8').catch(() => '');
  const flags = /^(?:flags|Features)\s*:(.*)$/m.exec(text)?.[1];
  return flags
    ?.trim()
    .split(/\s+/)
    .filter((flag) => RELEVANT.has(flag));
}
