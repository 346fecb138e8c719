import { describe, expect, it } from 'vitest';
import { InputError } from 'ipu-pipeline';
import { loadProfile } from 'ipu-pipeline/machine';
import { isProfile } from 'ipu-pipeline/internals';
import { machine } from './machine.js';

/** The profile as JSON with one field changed; `models.0.layer.tokenNs` is a path. */
function changed(path: string, value: unknown): string {
  const json = JSON.parse(JSON.stringify(machine())) as Record<string, unknown>;
  const keys = path.split('.');
  const last = keys.pop()!;
  const target = keys.reduce<Record<string, unknown>>((at, key) => at[key] as Record<string, unknown>, json);
  if (value === undefined) delete target[last];
  else target[last] = value;
  return JSON.stringify(json);
}

describe('a profile', () => {
  it('is the same after it was written and read', () => {
    expect(loadProfile(JSON.stringify(machine(), null, 2))).toEqual(machine());
  });

  it('is told from other JSON', () => {
    expect(isProfile(machine())).toBe(true);
    for (const other of [null, 1, [], {}, { format: 'ipu-pipeline-benchmark' }])
      expect(isProfile(other)).toBe(false);
  });

  it.each([
    ['models.0.layer.tokenNs', -1, /models\.0\.layer\.tokenNs is -1; it must be >=0/],
    ['models.0.layer.tokenNs', 'fast', /models\.0\.layer\.tokenNs is "fast"; it must be number/],
    ['models.0.layer', undefined, /models\.0\.layer is missing/],
    ['machine.cores', 0, /machine\.cores is 0; it must be >=1/],
    ['machine.cores', 1.5, /machine\.cores is 1\.5/],
    ['models', [], /models is \[\]; it must be of length >=1/],
    ['models.0.timeSharing.efficiency', 1.5, /efficiency is 1\.5; it must be <=1/],
    ['models.0.contention.0.threads', 2, /models\.0\.contention\.0\.threads is 2; it must be 1/],
    ['models.0.stageThreads.1.threads', 1, /stageThreads\.1\.threads is 1; it must be more than 1/],
    ['version', 2, /version is 2; it must be 1/],
  ])('with a wrong %s (%j) is refused by name', (path, value, message) => {
    const load = (): unknown => loadProfile(changed(path, value), 'p.json');
    expect(load).toThrow(InputError);
    expect(load).toThrow(/^p\.json: /);
    expect(load).toThrow(message);
  });

  it('that is none is refused with what to do', () => {
    expect(() => loadProfile('{"layers_per_ipu": [1]}', 'ipu_config.json')).toThrow(
      /ipu_config\.json is no profile of a machine.*ipu-pipeline profile/,
    );
    expect(() => loadProfile('{', 'p.json')).toThrow(/p\.json/);
  });
});
