import { createHash } from 'node:crypto';
import {
  IpuConfig,
  oneDevice,
  openModel,
  placeBert,
  planStages,
  startBertPipeline,
  type BertModel,
  type Tensor,
} from 'ipu-pipeline';
import { scheduleByName } from 'ipu-pipeline/schedules';
import type { ModelHead, PlannedStage } from 'ipu-pipeline/models';
import { describe, expect, it } from 'vitest';
import { EXECUTORS_HERE } from '../executors-here.js';

const LENGTH = 12;

/** The IPUs of the stages when layers are split 1, 1: what shares weights with the embedding returns to IPU 0. */
const IPUS: readonly (readonly [ModelHead | null, readonly number[]])[] = [
  [null, [0, 1]],
  ['pooler', [0, 1, 0]],
  ['masked-lm', [0, 1, 0]],
  ['pre-training', [0, 1, 0]],
  ['question-answering', [0, 1]],
  ['sequence-classification', [0, 1]],
  ['token-classification', [0, 1]],
  ['multiple-choice', [0, 1]],
];

/** Four micro-batches of 2 rows, each with other padding. */
const microBatches = [12, 9, 1, 5].map((real, at) => {
  const ints = (name: string, value: (position: number) => number): Tensor => ({
    name,
    dtype: 'int32',
    shape: [2, LENGTH],
    data: Int32Array.from({ length: 2 * LENGTH }, (_, i) => value(i)),
  });
  return [
    ints('input_ids', (i) => (977 * i + 131 * at) % 30_000),
    ints('attention_mask', (i) => Number(i % LENGTH < real)),
    ints('token_type_ids', (i) => Number(i % LENGTH > 5)),
  ];
});

/** Names, shapes, and the bits by their digest: masked-LM scores are too many to compare one by one. */
async function outputs(
  model: BertModel,
  stages: readonly PlannedStage[],
  run: { executor: string; schedule: string; threads: boolean },
): Promise<object[]> {
  await using pipeline = await startBertPipeline({
    model,
    stages,
    ...run,
    schedule: scheduleByName(run.schedule),
    microBatch: 2,
    sequenceLength: LENGTH,
    deviceIterations: 4,
  });
  const results = [];
  for await (const { tensors } of pipeline.run(microBatches)) results.push(tensors.map(digested));
  return results;
}

function digested({ name, shape, data }: Tensor): object {
  return { name, shape, bits: createHash('sha256').update(data).digest('hex') };
}

describe.each(IPUS)('a pipeline with the head %s', (head, ipus) => {
  it.each(EXECUTORS_HERE)(
    'on threads gives the bits of one device: %s',
    { timeout: 120_000 },
    async (executor) => {
      const model = { ...(await openModel('synthetic:bert-tiny')), head };
      const config = new IpuConfig(new Map([['layers_per_ipu', [1, 1]]]));
      const stages = planStages(model.config, placeBert(config, { layers: 2, head, mode: 'inference' }));
      expect(stages.map(({ ipu }) => ipu)).toEqual(ipus);
      expect(stages.at(-1)!.slice.head).toBe(head);
      const whole = oneDevice(model.config, head);
      const expected = await outputs(model, whole, { executor, schedule: 'sequential', threads: false });
      for (const schedule of ['fill-drain', 'sequential']) {
        expect(await outputs(model, stages, { executor, schedule, threads: true })).toEqual(expected);
      }
    },
  );
});
