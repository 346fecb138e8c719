import { InputError, IpuConfig } from 'ipu-pipeline';
import { parseIpuConfig } from 'ipu-pipeline/config';
import {
  configuredRun,
  parsePoints,
  planConfig,
  publishedModel,
  simulateIpus,
  sweepConfig,
  systemByName,
  type IpuRunSettings,
} from 'ipu-pipeline/simulator';
import { describe, expect, it } from 'vitest';
import { ipuPipeline } from '../cli/run.js';
import { largeRun } from './runs.js';

const settings: IpuRunSettings = {
  model: publishedModel('bert-large')!,
  hardware: systemByName('pod16'),
  mode: 'training',
  sequenceLength: 384,
  microBatch: 1,
};
const config = (changes: object = {}): IpuConfig =>
  new IpuConfig({ layers_per_ipu: [6, 6, 6, 6], gradient_accumulation_steps: 16, ...changes });

const point = {
  id: 'small',
  model: { hiddenSize: 256, layers: 2, attentionHeads: 4, vocabSize: 1000, maxPositions: 512 },
  mode: 'inference',
  chip: 'gc200',
  ipusPerReplica: 1,
  sequenceLength: 128,
  microBatch: 4,
  stages: [{ ipu: 0, embedding: true, attention: 2, feedForward: 2 }],
};

describe('a range is checked where a value enters', () => {
  it.each([
    ['too many tokens', { sequenceLength: 513 }, /^sequenceLength is 513, but bert-large has 512 positions/],
    [
      'too many tokens, where positions begin behind the padding',
      { model: publishedModel('roberta-base')!, sequenceLength: 513 },
      /^sequenceLength is 513, but roberta-base has 512 positions/,
    ],
    ['no packed sequences', { sequencesPerRow: 0 }, /^sequencesPerRow is 0: give a number above 0/],
    ['half a row', { microBatch: 0.5 }, /^microBatch is 0\.5: give a whole number from 1/],
    [
      'words of its own',
      { sequenceLength: 513, names: { sequenceLength: '--seq-len' } },
      /^--seq-len is 513/,
    ],
  ])('of settings: %s', (_, change, message) => {
    for (const run of [configuredRun, planConfig]) {
      expect(() => run(config(), { ...settings, ...change })).toThrow(InputError);
      expect(() => run(config(), { ...settings, ...change })).toThrow(message);
    }
  });

  it('of the file, in the words of the file', () => {
    const training = config({ matmul_proportion: 1.5 });
    expect(() => configuredRun(training, settings)).toThrow(/^matmul_proportion is 1\.5: .*give 0 to 1/);
    const inference = config({ inference_matmul_proportion: [0.1, 0.1, 2, 0.1] });
    expect(() => configuredRun(inference, { ...settings, mode: 'inference' })).toThrow(
      /^inference_matmul_proportion is \[0\.1/,
    );
  });

  it.each([
    ['chip.ampEfficiency', 5, /ampEfficiency cannot be 5; give a share above 0, and 1 at most/],
    ['chip.clockHz', 0, /clockHz cannot be 0; give a number above 0/],
    ['chip.linkBytesPerSecond', 0, /give a number above 0/],
    ['system.ipusPerMachine', 1.5, /give a whole number from 1/],
    ['chip.hostCallSeconds', -1, /give a number from 0/],
    ['chip.tiles', Number.NaN, /cannot be NaN/],
  ])('of the hardware: %s %s', (name, value, message) => {
    expect(() => systemByName('pod16', { [name]: value })).toThrow(message);
  });

  it('of figures that may be zero, and nothing divides by', () => {
    const free = systemByName('pod16', { 'chip.launchCycles': 0, 'chip.hostCallSeconds': 0 });
    expect(
      simulateIpus(configuredRun(config(), { ...settings, hardware: free }).run).rates.stepSeconds,
    ).toBeGreaterThan(0);
  });

  it.each([
    ['sequenceLength', '513', /^sequenceLength is 513/],
    ['matmulProportion', '1.5', /^matmulProportion is 1\.5/],
    ['chip.tiles', '0', /^chip\.tiles cannot be 0/],
  ])('of a sweep, before its first run: %s', (name, value, message) => {
    expect(() => sweepConfig(config(), settings, [{ name, values: ['1', value] }])).toThrow(message);
  });

  it.each([
    [{ sequenceLength: 513 }, /^Point small: sequenceLength is 513, but .* has 512 positions/],
    [{ matmulProportion: 1.5 }, /^Point small: matmulProportion/],
    [{ micro_batch_size: 4 }, /^Point small: micro_batch_size is not a field; write microBatch/],
    [
      { model: { ...point.model, hidden_size: 1 } },
      /model\.hidden_size is not a field; write model\.hiddenSize/,
    ],
    [
      { model: { ...point.model, attentionHeads: 3 } },
      /^Point small: model\.attentionHeads is 3, which does not divide/,
    ],
  ])('of a points file: %j', (change, message) => {
    expect(() => parsePoints([{ ...point, ...change }])).toThrow(message);
  });

  it('of a run that a program puts together', () => {
    expect(() => simulateIpus(largeRun([6, 6, 6, 6], { sequenceLength: 600 }))).toThrow(InputError);
  });

  it('by the command line, in the words of its flags', async () => {
    const { code, stderr } = await ipuPipeline('simulate', '--seq-len', '513');
    expect([code, stderr]).toEqual([2, expect.stringMatching(/--seq-len is 513, but bert-large has 512/)]);
  });
});

describe('what is written for something else is told', () => {
  it('a setting of the run in the file', () => {
    const load = (key: string) => () => parseIpuConfig(JSON.stringify({ layers_per_ipu: [1], [key]: 4 }));
    expect(load('micro_batch_size')).toThrow(/micro_batch_size=4 \(.*--micro-batch\)/);
    expect(load('layersPerIpu')).toThrow(/did you mean layers_per_ipu/);
  });

  it('the pods of a dictionary', () => {
    const file = { layers_per_ipu: [6], gradient_accumulation_steps: { pod4: 1, pod16: 2, default: 8 } };
    expect(() => parseIpuConfig(JSON.stringify(file), { pod: 'pod64' })).toThrow(
      /values for pod4, pod16: .*--pod.*default/,
    );
  });

  it('chunks where a schedule has none', () => {
    for (const chunks of [1, 3]) {
      const schedule = { name: '1f1b', chunks };
      expect(() => configuredRun(config(), { ...settings, schedule })).toThrow(
        /1f1b has one stage on each IPU/,
      );
    }
  });

  it('a wildcard that leaves much to the last IPU', () => {
    const open = config({ layers_per_ipu: [-1], ipus_per_replica: 4, gradient_accumulation_steps: 16 });
    const texts = (layers: number): string[] =>
      configuredRun(open, { ...settings, model: { ...settings.model, layers } })
        .warnings.filter(({ code }) => code === 'uneven-split')
        .map(({ text }) => text);
    expect(texts(19)).toEqual([
      expect.stringMatching(/puts 7 layers on IPU 3 and 4 on others.*\[4, 5, 5, 5\]/),
    ]);
    expect(texts(17)).toEqual([]);
  });

  it('too few micro-batches, by the attribute and the flag', () => {
    expect(() => configuredRun(config({ gradient_accumulation_steps: 6 }), settings)).toThrow(
      /gradient_accumulation_steps \(--gradient-accumulation\) is 6; give 7 or more/,
    );
  });
});
