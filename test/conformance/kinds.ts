import { IpuConfig } from 'ipu-pipeline';
import {
  layerIpus,
  parseJson,
  serializeEmbedding,
  trainerThroughput,
  type Mode,
  type PythonDict,
  type PythonValue,
} from 'ipu-pipeline/config';
import type { CallOutputMode } from 'ipu-pipeline/runtime';
import {
  CallCollector,
  batchSizeFactor,
  checkOutputMode,
  defaultOutputMode,
  expandLayersPerIpu,
  forPodType,
  toPython,
  layerSplit,
  microBatchOf,
  replicationOf,
  reservedIpus,
  resultBatches,
  serializedRow,
  splitEncoderDecoder,
  stepsPerEpoch,
  updateFromString,
  type PoptorchOutputMode,
} from 'ipu-pipeline/internals';
import { dict, type Input, type Kind } from './case.js';
import { PIPELINE_KINDS } from './pipeline-kinds.js';

function configOf(input: Input): IpuConfig {
  const config = new IpuConfig(input.dict('config'));
  if (input.has('mode')) config.mode = input.text('mode');
  return config;
}

const construct: Kind = (input) => {
  configOf(input);
  return dict({ ok: true });
};

const attributes: Kind = (input) => {
  const config = configOf(input);
  return new Map(input.texts('read').map((name) => [name, config.raw(config.resolveName(name))]));
};

// The cases call the mode's own name, `layers_per_ipu`, what upstream's tests read as `_layers_per_ipu`.
const managed: Kind = (input) => {
  const config = configOf(input);
  return new Map([['value', config.raw(config.resolveName(`_${input.text('read').replace(/^_/, '')}`))]]);
};

const setAttribute: Kind = (input) => {
  const config = configOf(input);
  const name = input.text('attr');
  config.set(name, input.value('value'));
  return new Map([['value', config.raw(config.resolveName(name))]]);
};

const mode: Kind = (input) => {
  const config = new IpuConfig();
  if (input.has('set_mode')) config.mode = input.text('set_mode');
  for (const call of input.has('calls') ? input.texts('calls') : []) {
    if (call === 'train') config.train();
    else if (call === 'eval') config.eval();
    else config.mode = call;
  }
  return dict({ mode: config.mode });
};

const update: Kind = (input) => {
  const config = configOf(input);
  const before = config.clone();
  updateFromString(config, input.text('update'));
  const values = config.toJSON();
  const changed = Object.entries(values).filter(
    ([name, value]) => JSON.stringify(value) !== JSON.stringify(before.toJSON()[name as 'seed']),
  );
  return dict({ changed: Object.fromEntries(changed) });
};

const getLayerIpu: Kind = (input) => {
  const layers = input.optionalNumber('num_layers');
  if (input.has('version')) return toPython(layerIpusOf060(input, layers));
  return toPython(layerIpus(layerSplit(configOf(input)), layers));
};

/** Version 0.6.0 checked nothing before placement, and had no inference attributes. */
function layerIpusOf060(input: Input, layers: number | null): readonly number[] {
  if (input.text('version') !== 'v0.6.0') throw new Error(`unknown version ${input.text('version')}`);
  const given = input.dict('config');
  input.value('mode');
  const layersPerIpu = toNumbers(given.get('layers_per_ipu') ?? [-1]);
  const ipusPerReplica = Number(given.get('ipus_per_replica') ?? layersPerIpu.length);
  const names = { layersName: 'layers_per_ipu', ipusName: 'ipus_per_replica' };
  return layerIpus({ layersPerIpu, ipusPerReplica, ...names }, layers);
}

function toNumbers(value: PythonValue): readonly number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}

const encoderDecoder: Kind = (input) => {
  const config = configOf(input);
  const halves = splitEncoderDecoder(
    config,
    input.number('num_encoder_layers'),
    input.number('num_decoder_layers'),
  );
  const shown = [
    'layers_per_ipu',
    'ipus_per_replica',
    'matmul_proportion',
    'serialized_projection_splits_per_ipu',
    'serialized_embedding_splits_per_ipu',
  ] as const;
  return new Map(
    Object.entries(halves).map(([half, part]) => [
      half,
      new Map(shown.map((name) => [name, (part as IpuConfig).raw((part as IpuConfig).managedName(name))])),
    ]),
  );
};

const hubConfig: Kind = (input) => {
  const given = input.has('json_text') ? parseJson(input.text('json_text')).value : input.dict('config');
  const config = new IpuConfig(given as PythonDict);
  const layers = input.optionalNumber('num_layers');
  const placed = (which: Mode): readonly number[] => {
    const view = config.clone();
    view.mode = which;
    return layerIpus(layerSplit(view), layers);
  };
  return dict({
    ipus_per_replica: config.get('ipus_per_replica'),
    inference_ipus_per_replica: config.get('inference_ipus_per_replica'),
    batch_size_factor: batchSizeFactor(config, 'training'),
    inference_batch_size_factor: batchSizeFactor(config, 'inference'),
    ...(layers === null ? {} : { layer_ipu: placed('training'), inference_layer_ipu: placed('inference') }),
  });
};

const pod = (input: Input): string | null =>
  input.value('pod_type') === null ? null : input.text('pod_type');

const legacyPod: Kind = (input) => {
  const values = forPodType(input.dict('config'), pod(input));
  return new Map(input.texts('read').map((name) => [name, values.get(name) ?? null]));
};

const legacyFactor: Kind = (input) => {
  const values = forPodType(input.dict('config'), pod(input));
  const product = (...names: string[]): number =>
    names.reduce((factor, name) => factor * Number(values.get(name)), 1);
  input.value('for_inference'); // the cases expect both, whatever it says
  return dict({
    training: product('replication_factor', 'gradient_accumulation_steps', 'device_iterations'),
    inference: product('inference_replication_factor', 'inference_device_iterations'),
  });
};

const forInference = (input: Input): Mode =>
  input.value('for_inference') === true ? 'inference' : 'training';

const combinedBatchOf: Kind = (input) => {
  const { microBatch, factor } = microBatchOf({
    batchDim: input.number('batch_dim'),
    deviceIterations: input.number('device_iterations'),
    replication: input.number('replication'),
    inputGroupSize: input.number('input_group_size'),
    gradientAccumulation: input.number('gradient_accumulation'),
  });
  return dict({ micro_batch: microBatch, factor });
};

const outputCount: Kind = (input) => {
  const batches = resultBatches({
    outputMode: input.text('output_mode') as PoptorchOutputMode,
    n: input.optionalNumber('n'),
    ...(input.has('mode') ? { mode: input.text('mode') as Mode } : {}),
    replication: input.number('replication'),
    deviceIterations: input.number('device_iterations'),
    gradientAccumulation: input.number('gradient_accumulation'),
  });
  return dict({ result_batches: batches, samples_in_output_dim0: batches * input.number('micro_batch') });
};

/** What each output mode returns of one replica's micro-batches, whose outputs are single numbers. */
const outputValues: Kind = (input) => {
  const values = input.numbers('values');
  const returned = (mode: CallOutputMode): readonly number[] => {
    const shape = { deviceIterations: values.length, replicas: 1 };
    const collector = new CallCollector(checkOutputMode(mode, shape), shape);
    const calls = values.map((value, index) => {
      const data = new Float32Array([value]);
      const tensors = [{ name: 'output', dtype: 'float32', shape: [1], data }] as const;
      return collector.add({ index, replica: 0, call: 0, tensors, latencyNs: 0, queueNs: 0 });
    });
    return calls.at(-1)?.results.map(({ tensors }) => Number(tensors[0]?.data[0])) ?? [];
  };
  return dict({
    All: returned('all'),
    Final: returned('final'),
    Sum: returned('sum'),
    EveryN: returned({ everyN: input.number('n') }),
  });
};

/** A serialized table is looked up split by split; each row must come from one of them, unchanged. */
const embeddingOnIpus: Kind = (input) => {
  const [rows, dim, factor] = [input.number('num_embeddings'), input.number('dim'), input.number('factor')];
  const splits = input.numbers('splits_per_ipu');
  const { rowRanges } = serializeEmbedding(rows, factor);
  const names = { layersName: 'serialized_embedding_splits_per_ipu', ipusName: 'ipus_per_replica' };
  const table = Array.from({ length: rows * dim }, (_, at) => at);
  const blocks = rowRanges.map(([first, end]) => table.slice(first * dim, end * dim));
  const looked = Array.from({ length: rows }, (_, row) => {
    const { split, index } = serializedRow(rows, factor, row);
    return blocks[split]!.slice(index * dim, (index + 1) * dim);
  }).flat();
  return dict({
    ipu_of_split: layerIpus({ layersPerIpu: splits, ipusPerReplica: splits.length, ...names }, factor),
    equals_plain_embedding: looked.join() === table.join(),
  });
};

const embedding: Kind = (input) => {
  const { splitSize, rowRanges } = serializeEmbedding(input.number('num_embeddings'), input.number('factor'));
  return dict({ split_size: splitSize, row_ranges: rowRanges });
};

const embeddingPadding: Kind = (input) =>
  dict({
    ...serializedRow(input.number('num_embeddings'), input.number('factor'), input.number('padding_idx')),
  });

const throughputOf: Kind = (input) => {
  const rates = trainerThroughput(
    input.number('num_samples'),
    input.number('num_steps'),
    input.number('runtime_s'),
  );
  return dict({ samples_per_second: rates.samplesPerSecond, steps_per_second: rates.stepsPerSecond });
};

/** How each kind of case is put to the front door; a kind that is not here fails. */
export const KINDS: Readonly<Record<string, Kind>> = {
  'ipu_config.construct': construct,
  'ipu_config.attributes': attributes,
  'ipu_config.managed': managed,
  'ipu_config.set': setAttribute,
  'ipu_config.mode': mode,
  update_from_string: update,
  get_layer_ipu: getLayerIpu,
  expand_layers_per_ipu: (input) =>
    toPython(expandLayersPerIpu(layerSplit(configOf(input)), input.optionalNumber('num_layers'))),
  split_encoder_decoder: encoderDecoder,
  hub_config: hubConfig,
  'legacy.for_pod_type': legacyPod,
  'legacy.batch_size_factor': legacyFactor,
  batch_size_factor: (input) => dict({ factor: batchSizeFactor(configOf(input), forInference(input)) }),
  combined_batch: (input) =>
    dict({
      combined_batch: batchSizeFactor(configOf(input), forInference(input)) * input.number('micro_batch'),
    }),
  combined_batch_error: combinedBatchOf,
  steps_per_epoch: (input) =>
    dict({
      steps: stepsPerEpoch(
        input.number('num_samples'),
        input.number('combined_batch'),
        input.value('drop_last') === true,
      ),
    }),
  throughput: throughputOf,
  n_ipu_to_replication: (input) =>
    dict({ replication_factor: replicationOf(input.number('n_ipu'), input.number('ipus_per_replica')) }),
  num_ipus: (input) =>
    dict({
      reserved_ipus: reservedIpus(
        input.number('ipus_per_replica'),
        input.number('replication'),
        input.value('auto_round') === true,
      ),
    }),
  output_mode_count: outputCount,
  output_mode_default: () =>
    dict({ inference: defaultOutputMode('inference'), training: defaultOutputMode('training') }),
  ...PIPELINE_KINDS,
  output_mode_values: outputValues,
  serialized_embedding: embedding,
  serialized_embedding_parallelize: embeddingOnIpus,
  serialized_embedding_padding: embeddingPadding,
};
