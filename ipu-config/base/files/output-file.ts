import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { InputError } from '../errors.js';
import { reason, systemCode } from '../reason.js';

const ADVICE: Readonly<Record<string, string>> = {
  ENOSPC: 'The disk is full: make room, or give a file on another one.',
  EDQUOT: 'The quota is used up: make room, or give a file on another disk.',
  EISDIR: 'It is a directory: give a file.',
  EFBIG: 'The disk takes no file as large.',
  EPIPE: 'Nobody reads it.',
};
const OTHER_FOLDER = 'Give a file in a folder that exists and in which files may be made.';

/** What a file that cannot be written ends with, in the words of the user. */
export function unwritable(path: string, error: unknown): InputError {
  const advice = ADVICE[systemCode(error) ?? ''] ?? OTHER_FOLDER;
  // Node names the call and the file, which may lie beside the user's.
  const what = reason(error).replace(/,? (?:open|stat|write|rename|mkdir|realpath)\b.*$/, '');
  return new InputError(`cannot write ${path}: ${what}. ${advice}`, { cause: error });
}

/** Those that are neither committed nor discarded. */
const open = new Set<OutputFile>();

/** Takes away what unfinished files have left beside their places; for a process that ends at once. */
export function discardOutputs(): void {
  for (const file of open) file.discard();
}

/**
 * The one writer of files for users. What is written lies beside its place until `commit`, which puts it there in
 * one step: a run that fails, or a disk that is full, leaves an older file as it was. Links are followed, and the mode
 * of an older file is kept. What is no file, such as a pipe or `/dev/stdout`, is written as it comes.
 *
 * Writes are synchronous on purpose: a slow disk slows the run down rather than filling the memory.
 */
export class OutputFile {
  /** As the user named it. */
  readonly path: string;
  readonly #place: string;
  /** Where it lies until it is whole; undefined for what is no file. */
  readonly #beside: string | undefined;
  readonly #fd: number;

  /** @throws InputError when nothing can be written there: before the work is done, not after it */
  constructor(path: string) {
    this.path = path;
    try {
      const found = statOf(path);
      this.#place = found ? realpathSync(path) : path;
      // Of what is no file only a directory refuses to be opened.
      if (!found || found.isFile()) {
        const name = `.${basename(path).slice(0, 40)}.${randomBytes(6).toString('hex')}`;
        this.#beside = join(dirname(this.#place), name);
      }
      this.#fd = openSync(this.#beside ?? path, this.#beside === undefined ? 'w' : 'wx');
      open.add(this);
      if (found?.isFile()) fchmodSync(this.#fd, found.mode);
    } catch (error) {
      if (open.has(this)) this.discard();
      throw unwritable(path, error);
    }
  }

  /** @throws InputError when the disk is full, say; what was written is gone then, and what follows is too */
  write(data: string | Uint8Array): void {
    if (!open.has(this)) return;
    const bytes = typeof data === 'string' ? Buffer.from(data) : data;
    this.#try(() => {
      for (let written = 0; written < bytes.length;) written += writeSync(this.#fd, bytes, written);
    });
  }

  /** Puts the file in its place. @throws InputError */
  commit(): void {
    if (!open.has(this)) return;
    this.#try(() => {
      if (this.#beside !== undefined) fsyncSync(this.#fd);
      closeSync(this.#fd);
      if (this.#beside !== undefined) renameSync(this.#beside, this.#place);
    });
    open.delete(this);
  }

  /** Takes away what was written, unless it is in its place already. */
  discard(): void {
    if (!open.delete(this)) return;
    try {
      closeSync(this.#fd);
    } catch {
      // It may be closed; what lies beside goes in any case.
    }
    if (this.#beside !== undefined) rmSync(this.#beside, { force: true });
  }

  #try(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.discard();
      throw unwritable(this.path, error);
    }
  }
}

/** Writes a whole file. @throws InputError */
export function writeOutput(path: string, data: string | Uint8Array): void {
  const file = new OutputFile(path);
  file.write(data);
  file.commit();
}

/**
 * Makes a folder, and those above it.
 * @throws InputError
 */
export function makeFolder(path: string): void {
  try {
    makeAll(path);
  } catch (error) {
    throw unwritable(path, error);
  }
}

/** Node's own recursive mkdir never ends where a file system says that a folder in an existing one does not exist. */
function makeAll(path: string): void {
  if (statOf(path)?.isDirectory()) return;
  const above = dirname(path);
  if (above !== path && !statOf(above)) makeAll(above);
  mkdirSync(path);
}

function statOf(path: string): Stats | undefined {
  return statSync(path, { throwIfNoEntry: false });
}
