import { InputError } from '../../ipu-config/base/errors.js';
import { brief, short } from '../../ipu-config/base/json-text.js';
import bow from './chips/bow.json' with { type: 'json' };
import c600 from './chips/c600.json' with { type: 'json' };
import gc2 from './chips/gc2.json' with { type: 'json' };
import gc200 from './chips/gc200.json' with { type: 'json' };
import systems from './systems/systems.json' with { type: 'json' };
import { figureRange, isInRange } from './ranges.js';
import type { ChipSpec, Hardware, SystemSpec } from './hardware.js';

/** Changed figures, as `--set chip.ampEfficiency=0.4` gives them: `{ 'chip.ampEfficiency': 0.4 }`. */
export type HardwareOverrides = Readonly<Record<string, number>>;

export const CHIPS: Readonly<Record<string, ChipSpec>> = { gc2, gc200, bow, c600 };
const CHIP_NAMES: readonly string[] = Object.keys(CHIPS);

export const SYSTEMS: Readonly<Record<string, SystemSpec>> = Object.fromEntries(
  systems.systems.map((system) => [system.name, { ...systems.common, ...system }]),
);
export const SYSTEM_NAMES: readonly string[] = Object.keys(SYSTEMS);

/** Names under which the chips also go. */
const CHIP_ALIASES: Readonly<Record<string, string>> = {
  mk1: 'gc2',
  mk2: 'gc200',
  ipu21: 'gc200',
  bowipu: 'bow',
};

/**
 * @param refuse gets what is wrong with the name; throws an InputError by default
 */
function chipByName(name: string, refuse: (text: string) => never = fail('The chip')): ChipSpec {
  const plain = name.toLowerCase().replace(/[^a-z0-9]/g, '');
  const found = CHIPS[plain] ?? CHIPS[CHIP_ALIASES[plain] ?? ''];
  return found ?? refuse(`is ${brief(name)}, which is not known; chips are ${CHIP_NAMES.join(', ')}.`);
}

/** A number of IPUs of one chip, wired as Graphcore's pods are. */
export function hardwareOf(
  chipName: string,
  ipus: number,
  overrides: HardwareOverrides = {},
  refuse?: (text: string) => never,
): Hardware {
  const chip = chipByName(chipName, refuse);
  return override(
    { chip, system: { ...systems.common, name: `${chip.name}-${ipus}`, chip: chip.name, ipus } },
    overrides,
  );
}

/** @throws InputError that lists the systems there are */
export function systemByName(name: string, overrides: HardwareOverrides = {}): Hardware {
  const plain = name.toLowerCase().replace(/^ipu-/, '');
  const system = SYSTEMS[plain];
  if (!system) {
    throw new InputError(`There is no system ${short(name)}; give one of ${SYSTEM_NAMES.join(', ')}.`);
  }
  return override({ chip: chipByName(system.chip), system }, overrides);
}

/** The same hardware with other figures. @throws InputError for a name that is none, or a value out of its range */
export function override(hardware: Hardware, overrides: HardwareOverrides): Hardware {
  const parts = { chip: { ...hardware.chip }, system: { ...hardware.system } };
  for (const [path, value] of Object.entries(overrides)) {
    const [part, field] = path.split('.') as [keyof Hardware, string];
    const isPart = part === 'chip' || part === 'system';
    const target = (isPart ? parts[part] : undefined) as Record<string, unknown> | undefined;
    if (typeof target?.[field] !== 'number') {
      throw new InputError(
        `There is no figure ${path} to set; there are ${settableNames(hardware).join(', ')}.`,
      );
    }
    const range = figureRange(field);
    if (!isInRange(value, range)) throw new InputError(`${path} cannot be ${value}; give ${range.words}.`);
    target[field] = value;
  }
  return parts;
}

function settableNames(hardware: Hardware): string[] {
  return (['chip', 'system'] as const).flatMap((part) =>
    Object.entries(hardware[part])
      .filter(([, value]) => typeof value === 'number')
      .map(([field]) => `${part}.${field}`),
  );
}

function fail(what: string): (text: string) => never {
  return (text) => {
    throw new InputError(`${what} ${text}`);
  };
}
