import { Option, type Command } from 'commander';
import { InputError } from '../../../ipu-config/base/errors.js';
import {
  checkLengths,
  parseLengths,
  PUBLISHED_LENGTHS,
  publishedLengths,
  type LengthHistogram,
} from '../../planning/packing/length-histogram.js';
import { packRows, type Packing } from '../../planning/packing/pack-rows.js';
import { checkSettings } from '../../hardware/config-run.js';
import { isFile, readText } from '../../../ipu-config/base/files/read-text.js';
import { readFlags, type IpuFlags, type ReadFlags } from '../flags/ipu-flags.js';
import { wholeNumber } from '../flags/options.js';

export interface PackingFlags {
  readonly lengths?: string;
  readonly maxSequencesPerRow?: number;
}

export function addPackingFlags(command: Command): Command {
  return command
    .addOption(
      new Option(
        '--lengths <file>',
        `lengths of sequences to pack into rows: a file of lengths or of length,count; or ${PUBLISHED_LENGTHS.join(', ')}`,
      ).conflicts('sequencesPerRow'),
    )
    .option(
      '--max-sequences-per-row <n>',
      'with --lengths: at most so many (default: what fits)',
      wholeNumber(1),
    );
}

export interface PackedFlags extends ReadFlags {
  readonly packing?: Packing;
}

/**
 * Reads what the flags name, and packs the lengths that they name, if any, into rows of `--seq-len` tokens: the run then
 * has so many sequences to a row. @throws InputError, ConfigError
 */
export async function readPackedFlags(flags: IpuFlags & PackingFlags): Promise<PackedFlags> {
  refuseStray(flags);
  const read = await readFlags(flags);
  if (flags.lengths === undefined) return read;
  checkSettings(read.config, read.settings);
  const histogram = await readLengths(flags.lengths);
  checkLengths(histogram, flags.seqLen, '--seq-len');
  const most = flags.maxSequencesPerRow;
  const packing = packRows(histogram, flags.seqLen, most === undefined ? {} : { mostPerRow: most });
  return { ...read, packing, settings: { ...read.settings, sequencesPerRow: packing.sequencesPerRow } };
}

/** @throws InputError for flags of packing that this run cannot heed. @param other what it is instead */
export function refusePacking({ lengths, maxSequencesPerRow }: PackingFlags, other: string): void {
  if (lengths !== undefined)
    throw new InputError(`--lengths is for one run on IPUs: leave it or ${other} out.`);
  refuseStray({ maxSequencesPerRow });
}

function refuseStray({
  lengths,
  maxSequencesPerRow,
}: { [K in keyof PackingFlags]: PackingFlags[K] | undefined }): void {
  if (maxSequencesPerRow === undefined || lengths !== undefined) return;
  throw new InputError('--max-sequences-per-row is for packing: give --lengths too.');
}

/** A file of that name comes before a published statistic. */
async function readLengths(name: string): Promise<LengthHistogram> {
  if (await isFile(name)) return parseLengths(await readText(name), name);
  const known = publishedLengths(name);
  if (known) return known;
  throw new InputError(
    `There is no file ${name}, and no published lengths of that name; those are: ${PUBLISHED_LENGTHS.join(', ')}.`,
  );
}
