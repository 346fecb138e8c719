import { IpuConfig } from 'ipu-pipeline';
import { MANAGED_ATTRIBUTES, PythonFloat, describeConfig } from 'ipu-pipeline/config';
import { ATTRIBUTE_NAMES, batchSizeFactor, updateFromString } from 'ipu-pipeline/internals';
import { describe, expect, it } from 'vitest';
import { thrown } from './thrown.js';
import { textsOf } from '../texts-of.js';

describe('an empty configuration', () => {
  it('has a value for every attribute', () => {
    const config = new IpuConfig();
    expect(config.get('layers_per_ipu')).toEqual([-1]);
    expect(config.get('ipus_per_replica')).toBe(1);
    expect(config.get('matmul_proportion')).toBe(0.2);
    expect(config.get('embedding_serialization_factor')).toBe(1);
    expect(config.get('enable_half_partials')).toBe(true);
    expect(config.get('optimizer_state_offchip')).toBe(false);
    expect(config.get('seed')).toBeNull();
    expect(config.get('parallelize_kwargs')).toEqual({});
    expect(Object.keys(config.toJSON())).toEqual([...ATTRIBUTE_NAMES].sort());
  });
});

describe('fallbacks', () => {
  it('take the number of IPUs from the layers', () => {
    const config = new IpuConfig({ layers_per_ipu: [5, 6, 7] });
    expect(config.get('ipus_per_replica')).toBe(3);
    expect(config.get('inference_ipus_per_replica')).toBe(3);
    expect(config.get('inference_layers_per_ipu')).toEqual([5, 6, 7]);
    expect(new IpuConfig({ layers_per_ipu: [5, 6], ipus_per_replica: 0 }).get('ipus_per_replica')).toBe(2);
  });

  it('take the inference IPUs from the inference layers, unless those are one wildcard', () => {
    const split = new IpuConfig({ ipus_per_replica: 8, inference_layers_per_ipu: [9, 9] });
    expect(split.get('inference_ipus_per_replica')).toBe(2);
    expect(new IpuConfig({ ipus_per_replica: 8 }).get('inference_ipus_per_replica')).toBe(8);
    const wild = new IpuConfig({ layers_per_ipu: [1, 2], inference_layers_per_ipu: [-1] });
    expect(wild.get('inference_ipus_per_replica')).toBe(1);
  });

  it('take the inference proportion from training where its length fits', () => {
    const same = new IpuConfig({ layers_per_ipu: [1, 2], matmul_proportion: [0.3, 0.4] });
    expect(same.get('inference_matmul_proportion')).toEqual([0.3, 0.4]);
    const other = new IpuConfig({
      layers_per_ipu: [1, 2],
      matmul_proportion: [0.3, 0.4],
      inference_layers_per_ipu: [3],
    });
    expect(other.get('inference_matmul_proportion')).toBe(0.2);
    expect(new IpuConfig({ inference_matmul_proportion: 0 }).get('inference_matmul_proportion')).toBe(0.2);
  });

  it('are not there for replication, iterations and serialization', () => {
    const config = new IpuConfig({
      replication_factor: 3,
      device_iterations: 5,
      embedding_serialization_factor: 6,
    });
    expect(config.get('inference_replication_factor')).toBe(1);
    expect(config.get('inference_device_iterations')).toBe(1);
    expect(config.get('inference_embedding_serialization_factor')).toBe(1);
  });

  it('are told by the description', () => {
    const rows = describeConfig(new IpuConfig({ layers_per_ipu: [4, 4] }));
    const source = (name: string): string | undefined => rows.find((row) => row.name === name)?.source;
    expect(source('layers_per_ipu')).toBe('given');
    expect(source('inference_layers_per_ipu')).toBe('fallback of layers_per_ipu');
    expect(source('ipus_per_replica')).toBe('fallback of layers_per_ipu');
    expect(source('inference_matmul_proportion')).toBe('fallback of matmul_proportion');
    expect(source('seed')).toBe('default');
    expect(rows.map(({ name }) => name)).toEqual([...ATTRIBUTE_NAMES]);
  });
});

describe('modes', () => {
  it('choose the twin that a managed attribute means', () => {
    const config = new IpuConfig({ layers_per_ipu: [1, 1], inference_layers_per_ipu: [2] });
    expect(config.mode).toBe('training');
    expect(config.managed('layers_per_ipu')).toEqual([1, 1]);
    config.eval();
    expect(config.managed('layers_per_ipu')).toEqual([2]);
    expect(config.managedName('ipus_per_replica')).toBe('inference_ipus_per_replica');
    config.set('_ipus_per_replica', 7);
    expect(config.get('inference_ipus_per_replica')).toBe(7);
    expect(config.train().get('ipus_per_replica')).toBe(2);
    expect(MANAGED_ATTRIBUTES).toHaveLength(8);
  });

  it('refuse any other word', () => {
    expect(thrown(() => (new IpuConfig().mode = 'test'))).toBe(
      "ValueError: `IPUConfig` mode can only take values in ('training', 'inference'). You provided: value='test'." +
        ' Use the `train` and `eval` methods instead to avoid error.',
    );
  });

  it('are copied with the rest, and copies are apart', () => {
    const config = new IpuConfig({ seed: 1 }).eval();
    const copy = config.clone();
    copy.set('seed', 2);
    expect([config.get('seed'), copy.get('seed'), copy.mode]).toEqual([1, 2, 'inference']);
  });
});

describe('setting an attribute', () => {
  const set = (name: string, value: unknown): string => thrown(() => new IpuConfig().set(name, value));

  it('checks the type as Python does', () => {
    const invalid = (name: string, hint: string, value: string, type: string): string =>
      `TypeError: Setting \`IPUConfig\` attribute: ${name}, type: ${hint} with value=${value}, type: <class '${type}'> is invalid.`;
    expect(set('seed', 'x')).toBe(invalid('seed', 'typing.Optional[int]', "'x'", 'str'));
    expect(set('seed', new PythonFloat(3))).toBe(invalid('seed', 'typing.Optional[int]', '3.0', 'float'));
    expect(set('layers_per_ipu', [1, 2.5])).toBe(
      invalid('layers_per_ipu', 'typing.List[int]', '[1, 2.5]', 'list'),
    );
    expect(set('inference_layers_per_ipu', 3)).toBe(
      invalid('inference_layers_per_ipu', 'typing.Optional[typing.List[int]]', '3', 'int'),
    );
    expect(set('inference_matmul_proportion', ['x'])).toBe(
      invalid(
        'inference_matmul_proportion',
        'typing.Union[float, typing.List[float], NoneType]',
        "['x']",
        'list',
      ),
    );
    expect(set('auto_loss_scaling', 1)).toBe(invalid('auto_loss_scaling', "<class 'bool'>", '1', 'int'));
    expect(set('output_mode', null)).toBe(invalid('output_mode', "<class 'str'>", 'None', 'NoneType'));
    expect(set('parallelize_kwargs', [true])).toBe(
      invalid('parallelize_kwargs', 'typing.Optional[typing.Dict[str, typing.Any]]', '[True]', 'list'),
    );
  });

  it('takes True for 1 and an int for a float', () => {
    const config = new IpuConfig({ replication_factor: true, matmul_proportion: 1 });
    expect(config.get('replication_factor')).toBe(1);
    expect(config.get('matmul_proportion')).toBe(1);
    expect(set('matmul_proportion', [1, 0.5])).toBe('nothing');
    expect(set('seed', 2n ** 70n)).toBe('nothing');
  });

  it('checks floors, choices and splits', () => {
    expect(set('gradient_accumulation_steps', -3)).toBe(
      'ValueError: `IPUConfig` attribute `gradient_accumulation_steps` must be >= 1. You provided value=-3',
    );
    expect(set('inference_layers_per_ipu', [4, -7])).toBe(
      'ValueError: `IPUConfig` attribute `inference_layers_per_ipu` must have all elements >= -1. You provided value=[4, -7]',
    );
    expect(set('output_mode', 'some')).toContain(
      "('all', 'sum', 'final', 'default'). You provided: value='some'",
    );
    expect(set('serialized_embedding_splits_per_ipu', [0, 0, 0])).toContain(
      'must have atleast 1 split on 1 IPU.',
    );
    expect(set('serialized_embedding_splits_per_ipu', [1, 0, 0, 1])).toContain('on consecutive IPUs.');
    expect(set('serialized_embedding_splits_per_ipu', [0, 1, 5, 0])).toBe('nothing');
    expect(set('inference_serialized_projection_splits_per_ipu', [0, -1])).toContain('all elements >= 0');
    expect(set('layers', [1])).toContain('AttributeError: `IPUConfig` has no attribute `layers`.');
  });

  it('leaves the old value after a refusal', () => {
    const config = new IpuConfig({ device_iterations: 4 });
    expect(thrown(() => config.set('device_iterations', 0))).toContain('must be >= 1');
    expect(config.get('device_iterations')).toBe(4);
  });
});

describe('construction', () => {
  const construct = (given: Record<string, unknown>): string => thrown(() => new IpuConfig(given));

  it('checks attributes against each other, in training and in inference', () => {
    expect(construct({ layers_per_ipu: [2, 2, 2], ipus_per_replica: 2 })).toBe(
      'IncompatibleIPUConfigError: layers_per_ipu=[2, 2, 2] should use the same number of IPUs as ipus_per_replica=2.',
    );
    expect(construct({ inference_layers_per_ipu: [6], inference_ipus_per_replica: 2 })).toBe(
      'IncompatibleIPUConfigError: inference_layers_per_ipu=[6] should use the same number of IPUs as inference_ipus_per_replica=2.',
    );
    expect(construct({ matmul_proportion: [0.5, new PythonFloat(1)] })).toBe(
      'IncompatibleIPUConfigError: matmul_proportion=[0.5, 1.0] should use the same number of IPUs as ipus_per_replica=1.',
    );
    expect(construct({ layers_per_ipu: [2, -1, 2], ipus_per_replica: 2 })).toBe('nothing');
  });

  it('takes a factor or splits of a layer, not both', () => {
    const splits = { layers_per_ipu: [1, 1], serialized_projection_splits_per_ipu: [0, 3] };
    expect(construct(splits)).toBe('nothing');
    expect(new IpuConfig(splits).get('projection_serialization_factor')).toBeNull();
    expect(construct({ ...splits, projection_serialization_factor: 3 })).toMatch(
      /^ValueError: Only one of `projection_serialization_factor` and `serialized_projection_splits_per_ipu`/,
    );
    expect(construct({ ...splits, serialized_projection_splits_per_ipu: [1] })).toBe(
      'ValueError: serialized_projection_splits_per_ipu=[1] should use the same number of IPUs as ipus_per_replica=2.',
    );
  });

  it('refuses unknown keys by name, and ignores those that upstream inherits', () => {
    expect(construct({ colour: 'blue', depth: null })).toBe(
      'IncompatibleIPUConfigError: IPUConfig received unknown arguments:\n  colour=blue\n  depth=None',
    );
    expect(construct({ architectures: ['x'], transformers_version: '4' })).toBe('nothing');
  });

  it('refuses dictionaries and nulls where a replication factor belongs', () => {
    expect(construct({ inference_replication_factor: { pod8: 2 } })).toBe(
      "ValueError: inference_replication_factor must be of type `int`. You provided: inference_replication_factor={'pod8': 2}, <class 'dict'>.",
    );
    expect(construct({ replication_factor: null })).toContain("replication_factor=None, <class 'NoneType'>");
    expect(construct({ replication_factor: 0 })).toContain('must be >= 1. You provided value=0');
  });

  it('reports the first mistake in upstream order', () => {
    expect(construct({ colour: 1, layers_per_ipu: 'x', seed: 'y' })).toContain('attribute: seed');
    expect(construct({ colour: 1, device_iterations: 0 })).toContain('device_iterations');
    expect(construct({ layers_per_ipu: [] })).toContain(
      '`ipus_per_replica` must be >= 1. You provided value=0',
    );
  });

  it('warns as upstream does', () => {
    expect(new IpuConfig({ sharded_execution_for_inference: false }).warnings).toEqual([]);
    expect(textsOf(new IpuConfig({ enable_half_first_order_momentum: true }).warnings)).toEqual([
      'The "enable_half_first_order_momentum" parameter is deprecated',
    ]);
    expect(textsOf(new IpuConfig({ replicated_tensor_sharding: true }).warnings)).toEqual([
      '`replicated_tensor_sharding` is not used when `replication_factor=1`',
    ]);
    expect(new IpuConfig({ replicated_tensor_sharding: true, replication_factor: 2 }).warnings).toEqual([]);
  });

  it('gives itself back from its JSON', () => {
    const config = new IpuConfig({ layers_per_ipu: [0, 5], seed: 9, parallelize_kwargs: { a: [1] } });
    expect(new IpuConfig(JSON.parse(JSON.stringify(config)) as Record<string, unknown>).toJSON()).toEqual(
      config.toJSON(),
    );
  });
});

describe('batch size factor', () => {
  it('multiplies what the mode uses', () => {
    const config = new IpuConfig({
      replication_factor: 2,
      gradient_accumulation_steps: 9,
      device_iterations: 5,
      inference_replication_factor: 3,
      inference_device_iterations: 4,
    });
    expect(batchSizeFactor(config)).toBe(90);
    expect(batchSizeFactor(config, 'inference')).toBe(12);
    expect(batchSizeFactor(config.eval())).toBe(12);
  });
});

describe('updating from a string', () => {
  const update = (text: string, given: Record<string, unknown> = {}): IpuConfig => {
    const config = new IpuConfig(given);
    updateFromString(config, text);
    return config;
  };

  it('reads each value as the type the attribute has', () => {
    const config = update('layers_per_ipu=[3 4],seed= 1_0 ,matmul_proportion=.5,enable_half_partials=NO', {
      seed: 1,
    });
    expect(config.get('layers_per_ipu')).toEqual([3, 4]);
    expect(config.get('seed')).toBe(10);
    expect(config.get('matmul_proportion')).toBe(0.5);
    expect(config.get('enable_half_partials')).toBe(false);
    expect(update('mode=inference').mode).toBe('inference');
    expect(update('executable_cache_dir=a b').get('executable_cache_dir')).toBe('a b');
  });

  it('refuses what it cannot read, by key and value', () => {
    const refused = (text: string): string => thrown(() => update(text));
    expect(refused('speed=9')).toBe("ValueError: Key speed isn't in the original config dict");
    expect(refused('auto_loss_scaling=perhaps')).toBe(
      "ValueError: Can't derive true or false from perhaps (key auto_loss_scaling)",
    );
    expect(refused('device_iterations=2.0')).toBe(
      "ValueError: invalid literal for int() with base 10: '2.0'",
    );
    expect(refused('matmul_proportion=high')).toBe("ValueError: could not convert string to float: 'high'");
    expect(refused('seed=1')).toContain('got 1 for key seed');
    expect(refused('layers_per_ipu=[1 2')).toContain('JSONDecodeError');
    expect(refused('layers_per_ipu=[1.0]')).toContain('with value=[1.0]');
    expect(refused('seed')).toContain('element #0 has length 1; 2 is required');
    expect(refused('device_iterations=1,a=b=c')).toContain('element #1 has length 3; 2 is required');
  });
});
