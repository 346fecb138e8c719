import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InputError } from 'ipu-pipeline';
import { readRecording, type RecordingEntry } from 'ipu-pipeline/report';
import { pack } from 'msgpackr';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ipu-pipeline-recordings-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function read(bytes: Uint8Array): Promise<RecordingEntry[]> {
  const file = join(folder, 'run.record');
  await writeFile(file, bytes);
  const entries: RecordingEntry[] = [];
  for await (const entry of readRecording(file)) entries.push(entry);
  return entries;
}

describe('a recording', () => {
  it.each<[string, Uint8Array]>([
    ['empty', new Uint8Array()],
    ['a number', pack(7)],
    ['an object without a format', pack({ run: 'r', stages: [] })],
  ])('is not what is %s', async (_, bytes) => {
    await expect(read(bytes)).rejects.toThrow(InputError);
    await expect(read(bytes)).rejects.toThrow(/run\.record is not a recording of spans: make one with/);
  });

  it('names a file that is not there', async () => {
    const reading = readRecording(join(folder, 'none.record')).next();
    await expect(reading).rejects.toThrow(/cannot read .*none\.record: ENOENT/);
  });

  it('may not have a record without an end', async () => {
    // A text of 2³² − 1 bytes, of which 2 MB are there.
    const endless = Buffer.alloc(2 << 20, 0x61);
    endless.set([0xdb, 0xff, 0xff, 0xff, 0xff]);
    await expect(read(endless)).rejects.toThrow(/record 1: longer than \d+ bytes/);
  });
});
