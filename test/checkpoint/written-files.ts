import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';

/** A directory for one test file, removed after it. */
export function scratch(name: string): { path: (file: string) => string } {
  let directory = '';
  beforeAll(async () => void (directory = await mkdtemp(join(tmpdir(), `${name}-`))));
  afterAll(() => rm(directory, { recursive: true, force: true }));
  return { path: (file) => join(directory, file) };
}

export interface StoredTensor {
  dtype: string;
  shape: number[];
  bytes: Uint8Array;
}

export function f32(shape: number[], values: ArrayLike<number>): StoredTensor {
  return { dtype: 'F32', shape, bytes: new Uint8Array(Float32Array.from(values).buffer) };
}

/** The header that belongs to tensors that lie one after another. */
export function headerOf(tensors: Record<string, StoredTensor>): Record<string, unknown> {
  let end = 0;
  return Object.fromEntries(
    Object.entries(tensors).map(([name, { dtype, shape, bytes }]) => {
      const begin = end;
      end += bytes.length;
      return [name, { dtype, shape, data_offsets: [begin, end] }];
    }),
  );
}

/** A safetensors file of any header text, right or wrong, and its data. */
export function safetensorsBytes(header: string | Uint8Array, data: Uint8Array, length?: bigint): Buffer {
  const text = Buffer.from(header);
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length ?? BigInt(text.length));
  return Buffer.concat([prefix, text, data]);
}

export async function writeSafetensors(path: string, tensors: Record<string, StoredTensor>): Promise<void> {
  const data = Buffer.concat(Object.values(tensors).map(({ bytes }) => bytes));
  await writeFile(path, safetensorsBytes(JSON.stringify(headerOf(tensors)), data));
}
