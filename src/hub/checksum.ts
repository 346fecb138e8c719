import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/** What a file must be: the hub names large files by SHA-256 of their bytes, others as git does. */
export interface Checksum {
  readonly algorithm: 'sha256' | 'git-sha1';
  /** In hexadecimal; also the blob's name in the cache. */
  readonly hash: string;
}

const READ_BYTES = 1 << 20;

/**
 * Reads a file from the disk and computes its sum: what counts is what is stored, not what came.
 * git hashes a file as `blob`, its size in bytes, a zero byte, and its bytes (gitformat-pack; `git hash-object`).
 */
export async function fileChecksum(
  path: string,
  algorithm: Checksum['algorithm'],
  signal?: AbortSignal,
): Promise<string> {
  const file = await open(path, 'r');
  try {
    const hash = createHash(algorithm === 'sha256' ? 'sha256' : 'sha1');
    if (algorithm === 'git-sha1') hash.update(`blob ${(await file.stat()).size}\0`);
    const buffer = Buffer.allocUnsafe(READ_BYTES);
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(buffer, 0, READ_BYTES, null);
      if (bytesRead === 0) return hash.digest('hex');
      hash.update(buffer.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}
