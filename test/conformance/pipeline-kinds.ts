import { IpuConfig, placeBert } from 'ipu-pipeline';
import type { Mode, PythonDict } from 'ipu-pipeline/config';
import { placeModel, readModelConfig, type ModelHead } from 'ipu-pipeline/models';
import {
  checkPipelineMinimum,
  checkPopartDepth,
  mergeStages,
  pipelineUtilisation,
  popartPhases,
  popartSchedule,
  type ExecutionStrategy,
} from 'ipu-pipeline/internals';
import { dict, type Kind } from './case.js';

const HEADS: Readonly<Record<string, ModelHead | null>> = {
  qa: 'question-answering',
  sequence_classification: 'sequence-classification',
  token_classification: 'token-classification',
  multiple_choice: 'multiple-choice',
  mlm: 'masked-lm',
  pretraining: 'pre-training',
  model: 'pooler',
};

const pipelineStages: Kind = (input, expected) => {
  const head = HEADS[input.text('head')];
  if (head === undefined) throw new Error(`unknown head ${input.text('head')}`);
  const config = new IpuConfig({ layers_per_ipu: input.numbers('layers_per_ipu') });
  const { blocks, stages, trainingStages } = placeBert(config, { layers: input.number('num_layers'), head });
  const list = blocks.map(({ name, ipu }) => [name, ipu]);
  const isHead = ([name]: (string | number)[]): boolean => !/^E(mbedding|ncoder\d+)$/.test(String(name));
  const short = { first: list[0]?.[1], head: list.filter(isHead) };
  const form = expected instanceof Map ? (expected as PythonDict).get('placement') : undefined;
  return dict({
    // Some cases list every block, some only the first and those of the head.
    placement: form instanceof Map ? short : list,
    forward_stages: stages.length,
    training_stages: trainingStages,
    min_gradient_accumulation_training: trainingStages,
    min_device_iterations_pipelined_inference: stages.length,
  });
};

/** Where upstream's pipelined class of a family puts its modules, and what it cuts and keeps. */
const blockPlacement: Kind = (input) => {
  const described = { model_type: input.text('model_type'), architectures: [input.text('class_name')] };
  const { config: family, head } = readModelConfig('case', JSON.stringify(described));
  const ipuConfig = new IpuConfig(input.dict('config'));
  const model = { modelType: family.modelType, numHiddenLayers: input.number('num_layers') };
  const placement = placeModel(ipuConfig, model, { head, mode: input.text('mode') as Mode });
  const { blocks, serialized } = placement;
  const modules = blocks.filter(({ name }) => !/^E(mbedding|ncoder\d+)$|^Pooler/.test(name));
  return dict({
    ipus_per_replica: placement.ipus,
    embeddings: placement.embedding,
    layers: placement.encoder,
    head: Object.fromEntries(modules.map(({ name, ipu }) => [name, ipu])),
    serialized: serialized === null ? [] : [[serialized.module, serialized.parts]],
    recomputation_checkpoint_layers: placement.checkpoints,
  });
};

const pipelineMinimum: Kind = (input) => {
  checkPipelineMinimum({
    mode: input.text('mode') as Mode,
    strategy: input.text('strategy') as ExecutionStrategy,
    forwardStages: input.number('forward_stages'),
    gradientAccumulation: input.number('gradient_accumulation'),
    deviceIterations: input.number('device_iterations'),
  });
  return dict({ ok: true });
};

const popartDepth: Kind = (input) => {
  const stages = checkPopartDepth({
    ipus: input.number('ipus'),
    mode: input.text('mode') as Mode,
    gradientAccumulation: input.optionalNumber('gradient_accumulation'),
    batchesPerStep: input.number('batches_per_step'),
  });
  return dict({ ok: true, stages });
};

const pipelineSchedule: Kind = (input, expected) => {
  const forwardStages = input.number('forward_stages');
  const training = input.value('training') === true;
  const size = { forwardStages, depth: input.number('depth'), training };
  const phases = popartPhases(size);
  const { ranks } = popartSchedule(size);
  const last = forwardStages - 1;
  const cycles = Array.from({ length: phases.totalCycles }, (_, k) => {
    const busy = ranks.flatMap((cells, rank) => {
      const cell = cells[k] ?? [];
      if (cell.length === 0) return [];
      const both = training && rank === last;
      const shown = cell.filter(({ op }) => !both || op === 'F');
      return [
        [
          String(rank),
          shown.map(({ stage, op, microBatch }) => ({
            stage: op === 'B' ? 2 * last - stage : stage,
            micro_batch: microBatch,
            ...(training ? { pass: both ? 'fwd+bwd' : op === 'B' ? 'bwd' : 'fwd' } : {}),
          })),
        ] as const,
      ];
    });
    return Object.fromEntries(busy);
  });
  return dict({
    num_stages: phases.stages,
    fill: phases.fill,
    main: phases.main,
    flush: phases.flush,
    total_cycles: phases.totalCycles,
    utilisation: phases.utilisation,
    // Some cases count the cycles only.
    ...(expected instanceof Map && !expected.has('cycles') ? {} : { cycles }),
  });
};

const scheduleWithStage: Kind = (input) => {
  const stages = input.json('stages') as unknown as readonly { stage: number; ipu: number }[];
  const ipus = [...stages].sort((a, b) => a.stage - b.stage).map(({ ipu }) => ipu);
  const merged = mergeStages(ipus, input.number('depth'));
  return dict({
    withStage: Object.fromEntries(merged.withStage),
    independent_stages: merged.independentStages,
    fill_flush_cycles: merged.fillFlushCycles,
    total_cycles: merged.totalCycles,
  });
};

/** Kinds of cases about stages and schedules. */
export const PIPELINE_KINDS: Readonly<Record<string, Kind>> = {
  pipeline_stages: pipelineStages,
  block_placement: blockPlacement,
  pipeline_minimum: pipelineMinimum,
  pipeline_schedule: pipelineSchedule,
  pipeline_schedule_with_stage: scheduleWithStage,
  pipeline_utilisation: (input) =>
    dict({ ...pipelineUtilisation(input.number('stages'), input.number('depth')) }),
  popart_depth: popartDepth,
};
