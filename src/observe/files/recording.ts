import { createReadStream } from 'node:fs';
import { UnpackrStream } from 'msgpackr';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { Span } from '../../../pipeline/schedule/span.js';
import type { RecordedRun, RecordingHeader } from './span-recorder.js';

export type RecordingEntry = RecordingHeader | RecordedRun | Span;

/**
 * Reads a recording record by record, in constant memory: the header first, then runs and their spans.
 * @throws InputError when the file is not a recording, or ends in the middle of a record.
 */
export async function* readRecording(path: string): AsyncGenerator<RecordingEntry> {
  let first = true;
  const records = createReadStream(path).on('error', (error) => unpacked.destroy(error));
  const unpacked = records.pipe(new UnpackrStream({ useRecords: false }));
  try {
    for await (const entry of unpacked as AsyncIterable<RecordingEntry>) {
      if (first && !isHeader(entry)) throw new InputError(notARecording(path));
      first = false;
      yield entry;
    }
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`cannot read the recording ${path}: ${(error as Error).message}`);
  }
  if (first) throw new InputError(notARecording(path));
}

function isHeader(entry: unknown): entry is RecordingHeader {
  return (entry as Partial<RecordingHeader> | null)?.format === 'ipu-pipeline-spans';
}

function notARecording(path: string): string {
  return `${path} is not a recording of spans: make one with \`ipu-pipeline bench --record FILE\`.`;
}
