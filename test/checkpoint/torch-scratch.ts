import { writeFile } from 'node:fs/promises';
import { CheckpointError } from 'ipu-pipeline';
import { TorchFile } from 'ipu-pipeline/models';
import { expect } from 'vitest';
import { scratch } from './written-files.js';
import * as t from './written-torch.js';

type Found = Record<string, { shape: readonly number[]; values: number[] }>;

/** Writes and opens torch files in a directory of its own. */
export function torchScratch(name: string) {
  const files = scratch(name);

  async function write(bytes: Uint8Array): Promise<string> {
    const path = files.path('pytorch_model.bin');
    await writeFile(path, bytes);
    return path;
  }

  async function readAll(bytes: Uint8Array): Promise<Found> {
    const file = await TorchFile.open(await write(bytes));
    const found: Found = {};
    for (const [tensor, { shape, dtype }] of file.entries) {
      const values = await file.tensor(tensor);
      found[tensor] = { shape, values: [...values] };
      if (dtype !== 'F32') continue;
      const stored = { dtype: 'float32', bytes: new Uint8Array(values.buffer) };
      expect(await file.stored(tensor)).toEqual(stored);
    }
    await file.close();
    return found;
  }

  async function refusal(bytes: Uint8Array): Promise<string> {
    const path = await write(bytes);
    const error: unknown = await TorchFile.open(path).then(
      (file) => file.close(),
      (e: unknown) => e,
    );
    expect(error).toBeInstanceOf(CheckpointError);
    expect((error as Error).message).toContain(path);
    return (error as Error).message;
  }

  return { files, write, readAll, refusal };
}

export const six = { key: '0', elements: 6, shape: [2, 3], stride: [3, 1] };
export const sixFloats = t.floats(1, 2, 3, 4, 5, 6);
export const state = (tensor: Buffer): Buffer => t.dict([t.str('w'), tensor]);

/** Both forms of one state dict. */
export function forms(value: Buffer, data: Record<string, Buffer>): [string, Buffer][] {
  const counted = Object.entries(data).map(
    ([key, bytes]) => [key, { count: bytes.length / 4, bytes }] as const,
  );
  return [
    ['zip', t.torchZip(value, data)],
    ['legacy', t.torchLegacy(value, Object.fromEntries(counted))],
  ];
}
