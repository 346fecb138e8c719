import { expect, it } from 'vitest';
import { shared } from '../shared-data.js';
import { missing, run } from './models.js';

/**
 * Recorded natural errors over one to three values that are far below what float32 gives for the same model: with 300
 * other inputs an executor meets such a case's tolerance in 26 to 70 % of them (docs/executors.md).
 * `npm run goldens` counts it as failed where it does; on another CPU it may pass.
 */
const KNOWN = [
  'BertForMultipleChoice (tiny-bert/BertForMultipleChoice), onnx: b1_c2_len10 logits',
  'DistilBertForQuestionAnswering (tiny-distilbert/DistilBertForQuestionAnswering), onnx: b1_len1 start_logits',
  'DistilBertForSequenceClassification (tiny-distilbert/DistilBertForSequenceClassification), onnx: text_b1 logits',
  ...['gpu.js:webasm', 'gpu.js:webgpu'].map(
    (executor) =>
      `DistilBertForQuestionAnswering (tiny-distilbert-sinusoidal/DistilBertForQuestionAnswering), ${executor}: b1_len1 start_logits`,
  ),
];

it.skipIf(!shared.available).each(['bert', 'families'])(
  'executors agree with upstream, every layer, within 5 natural errors: %s',
  { timeout: 600_000 },
  async (folder) => {
    const dir = shared.path(folder);
    expect(missing(dir)).toBeUndefined();
    const failures: Record<string, string> = {};
    let results = 0;
    await run(dir, (name, error) => {
      results++;
      if (error !== undefined && !(KNOWN.includes(name) && error.startsWith('off by')))
        failures[name] = error;
    });
    expect(failures).toEqual({});
    expect(results).toBeGreaterThan(0);
  },
);
