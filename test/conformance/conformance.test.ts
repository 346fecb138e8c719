import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { shared } from '../shared-data.js';
import { readCases } from './case.js';
import { pythonRegExp, runCase } from './run-case.js';

describe('conformance cases', () => {
  it.skipIf(!shared.available).each([
    ['conformance/ipu-config-cases.json', 300],
    ['conformance/ipu-config-cases-2.json', 4],
    ['families/placement-cases.json', 11],
    ['families/hub-configs.json', 1],
  ])('of %s all pass', (file, least) => {
    const cases = readCases(readFileSync(shared.path(file), 'utf8'));
    const failures = cases
      .map((item) => ({ item, ...runCase(item) }))
      .filter(({ passed }) => !passed)
      .map(({ item, expected, got }) => `${item.kind}: ${item.name}\n  expected ${expected}\n  got ${got}`);
    expect(failures).toEqual([]);
    expect(cases.length).toBeGreaterThanOrEqual(least);
  });
});

describe('the conformance runner', () => {
  const run = (fields: object): boolean => {
    const [item] = readCases(JSON.stringify([{ name: 'a case', ...fields }]));
    return runCase(item!).passed;
  };
  const minimum = { kind: 'n_ipu_to_replication', input: { n_ipu: 16, ipus_per_replica: 4 } };

  it('passes what is right and fails what is not', () => {
    expect(run({ ...minimum, expected: { replication_factor: 4 } })).toBe(true);
    expect(run({ ...minimum, expected: { replication_factor: 3 } })).toBe(false);
    expect(run({ ...minimum, expected: { replication_factor: 4, more: 1 } })).toBe(false);
    expect(run({ ...minimum, error: { type: 'ValueError' } })).toBe(false);
  });

  it('fails an unknown kind, an unknown field, and input of another form', () => {
    expect(run({ ...minimum, kind: 'weather', expected: {} })).toBe(false);
    const strange = { ...minimum.input, colour: 'blue' };
    expect(run({ ...minimum, input: strange, expected: { replication_factor: 4 } })).toBe(false);
    expect(run({ ...minimum, input: { n_ipu: 'many' }, error: { type: 'ValueError' } })).toBe(false);
  });

  it('wants the type of an error, its pattern, and the values it names', () => {
    const bad = { kind: 'ipu_config.set', input: { config: {}, attr: 'device_iterations', value: 0 } };
    expect(run({ ...bad, error: { type: 'ValueError', match: 'must .* >= \\d' } })).toBe(true);
    expect(run({ ...bad, error: { type: 'ValueError', match: 'must .* <=' } })).toBe(false);
    expect(run({ ...bad, error: { type: 'TypeError', match: 'must' } })).toBe(false);
    expect(run({ ...bad, error: { type: 'ValueError', message: 'device_iterations cannot be 0' } })).toBe(
      true,
    );
    expect(run({ ...bad, error: { type: 'ValueError', message: 'device_iterations cannot be 7' } })).toBe(
      false,
    );
    expect(run({ ...bad, error: { type: 'ValueError', message: 'ipus_per_replica is 0' } })).toBe(false);
  });

  it('reads regular expressions as Python writes them', () => {
    expect(pythonRegExp('(?i)\\Aa(?P<rest>b+)\\Z').test('ABB')).toBe(true);
    expect(pythonRegExp('IPUConfig`\\ attribute\\ \\[0,\\ 0\\]').test('IPUConfig` attribute [0, 0]')).toBe(
      true,
    );
  });

  it('refuses a file that is no list of cases', () => {
    expect(() => readCases('{"name": 1}')).toThrow(/list of cases/);
    expect(() => readCases('[{"name": "x", "kind": "k", "input": {}}]')).toThrow(
      /neither expected nor error/,
    );
    expect(() => readCases('[1,]')).toThrow(/line 1 column 4/);
  });
});
