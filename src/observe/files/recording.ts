import * as v from 'valibot';
import { checkedBy, type Frozen } from '../../../ipu-config/base/checked.js';
import { InputError } from '../../../ipu-config/base/errors.js';
import type { Span } from '../../../pipeline/schedule/span.js';
import { rankNumber, SPAN } from '../schemas.js';
import { readRecords } from './message-pack.js';

/** First record of a recording: what ran. */
export type RecordingHeader = Frozen<v.InferOutput<typeof HEADER>>;
const HEADER = v.object({
  format: v.literal('ipu-pipeline-spans'),
  version: v.literal(1),
  settings: v.optional(v.unknown()),
});

/** A run inside the recording begins; the spans that follow are its own. */
export type RecordedRun = Frozen<v.InferOutput<typeof RUN>>;
const RUN = v.object({
  run: v.string(),
  stages: v.array(v.string()),
  /** The IPU of each stage, which is the rank of its spans; absent in older recordings, where each has its own. */
  ipus: v.exactOptional(v.array(rankNumber)),
  /** Absent: measured. */
  kind: v.exactOptional(v.picklist(['measured', 'simulated'])),
});

export type RecordingEntry = RecordingHeader | RecordedRun | Span;

/**
 * Reads a recording record by record, in constant memory: the header first, then runs and their spans.
 * @throws InputError when the file is no recording, naming the record that is damaged
 */
export async function* readRecording(path: string): AsyncGenerator<RecordingEntry> {
  let record = 0;
  let hasRun = false;
  for await (const value of readRecords(path)) {
    const name = `${path}, record ${++record}`;
    const has = (key: string): boolean => typeof value === 'object' && value !== null && key in value;
    if (record === 1) {
      if (!has('format')) throw notARecording(path);
      yield checkedBy(HEADER, value, name);
    } else if (has('run')) {
      hasRun = true;
      yield checkedBy(RUN, value, name);
    } else {
      if (!hasRun) throw new InputError(`${name}: a span comes before the first run.`);
      yield checkedBy(SPAN, value, name);
    }
  }
  if (record === 0) throw notARecording(path);
}

function notARecording(path: string): InputError {
  return new InputError(
    `${path} is not a recording of spans: make one with \`ipu-pipeline bench --record FILE\`.`,
  );
}
