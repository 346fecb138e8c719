import { InputError, loadIpuConfig, placeBert } from 'ipu-pipeline';
import { PRESET_NAMES, loadPreset, parseIpuConfig } from 'ipu-pipeline/config';
import { PRESETS, forPodType, fromPython } from 'ipu-pipeline/internals';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { readCases } from '../conformance/case.js';
import { shared } from '../shared-data.js';
import { thrown } from './thrown.js';
import { textsOf } from '../texts-of.js';

const pods = { pod4: 1, pod16: 4, default: 2 };

describe('an older file', () => {
  it('loses stale keys with a warning that names each', () => {
    const { config, warnings } = loadIpuConfig({
      use_popdist: false,
      dataloader_workers: 4,
      per_device_train_batch_size: 1,
      top_k: 5,
      optimum_version: '1.0',
    });
    expect(config.toJSON()).toEqual(loadIpuConfig({}).config.toJSON());
    expect(textsOf(warnings)).toEqual([
      'use_popdist is an attribute that upstream dropped; it is ignored.',
      'dataloader_workers is an argument of a training script; it is ignored.',
      'per_device_train_batch_size is an argument of a training script; it is ignored.',
      'top_k is a setting of the model, not of IPUs; it is ignored.',
    ]);
  });

  it('is read under the names of today', () => {
    const old = { random_seed: 3, gradient_accumulation: 8, training_ipus_per_replica: 4 };
    const { config, warnings } = loadIpuConfig(old);
    expect(config.get('seed')).toBe(3);
    expect(config.get('gradient_accumulation_steps')).toBe(8);
    expect(config.get('ipus_per_replica')).toBe(4);
    expect(textsOf(warnings)).toContain('training_ipus_per_replica is read as ipus_per_replica.');
    const both = loadIpuConfig({ random_seed: 3, seed: 4 });
    expect(both.config.get('seed')).toBe(4);
    expect(textsOf(both.warnings)).toEqual(['random_seed is ignored, because seed is given too.']);
  });

  it('gives the value of a pod, or the default', () => {
    const given = { inference_replication_factor: pods };
    expect(loadIpuConfig(given).config.get('inference_replication_factor')).toBe(2);
    const { config, warnings } = loadIpuConfig(given, { pod: 'pod16' });
    expect(config.get('inference_replication_factor')).toBe(4);
    expect(textsOf(warnings)).toEqual([
      'inference_replication_factor has a value per pod type, as before version 0.7; taken is the one of pod16, 4.',
    ]);
    expect(loadIpuConfig({}, { pod: 'pod4' }).warnings[0]!.text).toContain('asking for pod4 changes nothing');
    expect(thrown(() => loadIpuConfig(given, { pod: 'pod8' }))).toContain(
      'KeyError: the inference_replication',
    );
    expect(thrown(() => loadIpuConfig(given, { pod: 'pod5' }))).toContain(
      'pod5 is not a correct value for a POD',
    );
    expect(thrown(() => loadIpuConfig({ layers_per_ipu: { pod4: [1] } }))).toContain('RuntimeError');
    const wide = { replication_factor: { pod128: 9, default: 3 } };
    expect(loadIpuConfig(wide).config.get('replication_factor')).toBe(3);
  });

  it('keeps forms of values that were legal then', () => {
    const { config, warnings } = loadIpuConfig({
      embedding_serialization_factor: 0,
      layers_per_ipu: [1, 1],
      matmul_proportion: [0.3],
    });
    expect(config.get('embedding_serialization_factor')).toBe(1);
    expect(config.get('matmul_proportion')).toBe(0.3);
    expect(warnings).toHaveLength(2);
    expect(loadIpuConfig({ matmul_proportion: [0.3] }).warnings).toEqual([]);
  });

  it('is refused when strict, as by the newest upstream', () => {
    const strict = (given: object): string => thrown(() => loadIpuConfig(given, { strict: true }));
    expect(strict({ use_popdist: false })).toContain('unknown arguments:\n  use_popdist=False');
    expect(strict({ replication_factor: pods })).toContain('must be of type `int`');
    expect(strict({ embedding_serialization_factor: 0 })).toContain('must be >= 1');
    expect(strict({ layers_per_ipu: [1, 1], matmul_proportion: [0.3] })).toContain('same number of IPUs');
    expect(strict({ top_k: 5 })).toBe('nothing');
  });
});

describe('any file', () => {
  it('with a key that nobody had is refused, with a hint', () => {
    expect(thrown(() => loadIpuConfig({ layer_per_ipu: [1], depth: 2 }))).toBe(
      'IncompatibleIPUConfigError: IPUConfig received unknown arguments:\n' +
        '  layer_per_ipu=[1] (did you mean layers_per_ipu?)\n  depth=2',
    );
  });

  it('gives of each kind of warning the first twenty, and how many more there are', () => {
    const given = Object.entries(loadIpuConfig({}).config.toJSON()).filter(([, value]) => value !== null);
    const byPod = Object.fromEntries(given.map(([name, value]) => [name, { pod4: value, default: value }]));
    const options = { pod: 'pod4' };
    const alone = Object.entries(byPod).filter(([name, value]) =>
      loadIpuConfig({ [name]: value }, options).warnings.some(({ text }) =>
        text.startsWith(`${name} has a value`),
      ),
    );
    for (const { warnings } of [
      parseIpuConfig(JSON.stringify(byPod), options),
      loadIpuConfig(byPod, options),
    ]) {
      const ofPods = warnings.filter(({ code }) => code === 'pod-value');
      expect(ofPods).toHaveLength(21);
      expect(ofPods.at(-1)!.text).toBe(`… and ${alone.length - 20} more of this kind.`);
    }
  });

  it('must be JSON, and an object', () => {
    expect(thrown(() => parseIpuConfig('{"seed": 1,}', { file: 'x.json' }))).toContain(
      'x.json is not valid JSON: line 1',
    );
    expect(thrown(() => parseIpuConfig('[1]', { file: 'x.json' }))).toBe(
      'TypeError: x.json must hold one JSON object with attributes, not a list.',
    );
    expect(thrown(() => parseIpuConfig('{"ipus_per_replica": 4.0}'))).toContain('with value=4.0');
    expect(parseIpuConfig('{"seed": 1, "seed": 2}').warnings[0]!.text).toContain('stands twice');
  });
});

describe('for_pod_type of version 0.3.2', () => {
  const read = (given: object, pod: string | null, name: string): unknown =>
    fromPython(forPodType(given as Record<string, unknown>, pod).get(name) ?? null);

  it('picks any attribute, ignores unknown keys, keeps foreign dictionaries', () => {
    expect(read({ layers_per_ipu: { pod4: [6], default: [3, 3] } }, 'pod4', 'layers_per_ipu')).toEqual([6]);
    expect(read({ layers_per_ipu: { pod4: [6], default: [3, 3] } }, null, 'layers_per_ipu')).toEqual([3, 3]);
    expect(read({ colour: 'blue' }, 'pod4', 'matmul_proportion')).toBe(0.6);
    expect(read({ seed: { pod4: 1, pod256: 2 } }, 'pod4', 'seed')).toEqual({ pod4: 1, pod256: 2 });
  });

  it('turns sharding off where one replica is left', () => {
    const given = { replicated_tensor_sharding: true, replication_factor: pods };
    expect(read(given, 'pod4', 'replicated_tensor_sharding')).toBe(false);
    expect(read(given, 'pod16', 'replicated_tensor_sharding')).toBe(true);
    expect(read({ replicated_tensor_sharding: true }, null, 'replicated_tensor_sharding')).toBe(false);
  });

  it('asks for a pod type that exists only where it matters', () => {
    expect(thrown(() => forPodType({ seed: pods }, 'POD4'))).toContain(
      'ValueError: POD4 is not a correct value',
    );
    expect(thrown(() => forPodType({}, 'POD4'))).toBe('nothing');
  });
});

describe('presets', () => {
  it('load, and place the model they were made for', () => {
    for (const name of PRESET_NAMES) {
      const { config } = loadPreset(name);
      const layers = name.includes('large') ? 24 : 12;
      const { stages } = placeBert(config.eval(), { layers, head: 'question-answering' });
      expect(stages, name).toHaveLength(4);
    }
    expect(loadPreset('bert-large-ipu', { strict: true }).config.get('inference_device_iterations')).toBe(5);
    expect(loadPreset('bert-base-ipu', { pod: 'pod64' }).config.get('replication_factor')).toBe(16);
    expect(() => loadPreset('bert-huge')).toThrow(InputError);
  });

  it.skipIf(!shared.available)('have the published values', () => {
    const cases = readCases(readFileSync(shared.path('conformance/ipu-config-cases.json'), 'utf8'));
    const published = cases.map(({ input }) =>
      JSON.stringify(sorted(fromPython(input.get('config') ?? null))),
    );
    for (const [name, preset] of Object.entries(PRESETS)) {
      expect(published.includes(JSON.stringify(sorted(preset))), name).toBe(true);
    }
  });
});

function sorted(value: unknown): unknown {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
