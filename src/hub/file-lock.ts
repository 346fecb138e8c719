import { randomUUID } from 'node:crypto';
import { readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { InputError } from '../../ipu-config/base/errors.js';
import { systemCode } from '../../ipu-config/base/reason.js';

/** The holder touches its lock this often, */
const BEAT_MS = 2_000;
/** and one that was not touched for so long has no holder any more. */
const STALE_MS = 30_000;
const POLL_MS = 100;

/** How to wait for a lock that somebody else holds. */
export interface LockWait {
  /** The longest time for which what the holder does may show no progress. */
  readonly limitMs: number;
  /** Something that changes as long as the holder gets on. */
  readonly progress: () => Promise<unknown>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Holds a lock file, made with exclusive create, while `work` runs. A lock is stale when its process on this machine
 * is gone, or when it was not touched for 30 s (a holder elsewhere); stale ones are taken over.
 * @throws InputError when the holder lives but gets nowhere, the signal's reason, or what `work` throws
 */
export async function withLock<T>(path: string, wait: LockWait, work: () => Promise<T>): Promise<T> {
  const mark = `${process.pid} ${hostname()} ${randomUUID()}\n`;
  await acquire(path, mark, wait);
  const beat = setInterval(() => {
    const now = new Date();
    // A lock that somebody took away is noticed by the checksum, not here.
    utimes(path, now, now).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  try {
    return await work();
  } finally {
    clearInterval(beat);
    if ((await readMark(path)) === mark) await rm(path, { force: true });
  }
}

async function acquire(path: string, mark: string, { limitMs, progress, signal }: LockWait): Promise<void> {
  let [seen, since]: [unknown, number] = [undefined, performance.now()];
  for (;;) {
    signal?.throwIfAborted();
    try {
      await writeFile(path, mark, { flag: 'wx' });
      return;
    } catch (error) {
      if (systemCode(error) !== 'EEXIST') throw error;
    }
    const holder = await readMark(path);
    if (holder !== undefined && (await isStale(path, holder))) {
      await takeAway(path, holder);
      continue;
    }
    const now = await progress();
    if (now !== seen) [seen, since] = [now, performance.now()];
    if (performance.now() - since > limitMs) {
      throw new InputError(
        `another process (${holder?.split(' ').slice(0, 2).join(' on ') ?? 'unknown'}) downloads the same file, but ` +
          `got nowhere for ${limitMs / 1000} s. End it, or remove its lock ${path}.`,
      );
    }
    await sleep(POLL_MS, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted());
  }
}

async function isStale(path: string, holder: string): Promise<boolean> {
  const [pid, host] = holder.split(' ');
  if (host === hostname() && Number(pid) > 0 && !isAlive(Number(pid))) return true;
  const touched = await stat(path).catch(() => undefined);
  return touched !== undefined && Date.now() - touched.mtimeMs > STALE_MS;
}

/** Of several that find a lock stale only one moves it; one that moved a fresh lock by mistake puts it back. */
async function takeAway(path: string, holder: string): Promise<void> {
  const aside = `${path}.${randomUUID()}`;
  try {
    await rename(path, aside);
  } catch (error) {
    if (systemCode(error) === 'ENOENT') return;
    throw error;
  }
  const moved = await readMark(aside);
  if (moved !== undefined && moved !== holder)
    await writeFile(path, moved, { flag: 'wx' }).catch(() => undefined);
  await rm(aside, { force: true });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return systemCode(error) !== 'ESRCH';
  }
}

async function readMark(path: string): Promise<string | undefined> {
  return readFile(path, 'utf8').catch(() => undefined);
}
