import { spawn, type ChildProcess } from 'node:child_process';
import { readdir, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { WEIGHTS, readFiles, scene, type Scene } from './hub-scene.js';
import { sha256 } from './hub-server.js';

const CLI = resolve(import.meta.dirname, '../../dist/src/cli/main.js');
const QUESTION = ['--question', 'who jumps?', '--context', 'the red fox jumps over the dog.', '--json'];

let at: Scene;
let children: ChildProcess[];
beforeEach(async () => {
  [at, children] = [await scene(), []];
});
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL');
  await at.end();
});

interface Run {
  readonly child: ChildProcess;
  readonly done: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function answer(env: Record<string, string> = {}): Run {
  const args = [CLI, 'answer', '--model', 'acme/tiny-bert', '--executor', 'reference', ...QUESTION];
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...at.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
  return { child, done: new Promise((end) => child.on('close', (code) => end({ code, stdout, stderr }))) };
}

const incomplete = (): string => join(at.root, 'blobs', `${sha256(at.files.get(WEIGHTS)!)}.incomplete`);

async function until(condition: () => Promise<boolean>): Promise<void> {
  for (let turn = 0; !(await condition()); turn++) {
    if (turn > 2000) throw new Error('it did not come to that');
    await new Promise((done) => setTimeout(done, 10));
  }
}

const begun = (): Promise<boolean> =>
  stat(incomplete()).then(
    ({ size }) => size > 0,
    () => false,
  );

describe('--model org/name', () => {
  it('downloads with progress, then answers; the next time without', async () => {
    const first = await answer().done;
    expect(first).toMatchObject({ code: 0 });
    expect(first.stderr).toContain('downloading acme/tiny-bert');
    const offline = await answer({ HF_HUB_OFFLINE: '1' }).done;
    expect(offline).toMatchObject({ code: 0, stdout: first.stdout, stderr: '' });
    expect(JSON.parse(offline.stdout)).toHaveProperty('probability');
  });

  it('warns when it answers from the cache alone', async () => {
    await answer().done;
    await at.server.stop();
    const { code, stderr } = await answer().done;
    expect(code).toBe(0);
    expect(stderr).toMatch(/^warning: cannot ask http.*acme\/tiny-bert@main.*from the cache/);
  });

  it('that is nowhere ends with 2 and one line', async () => {
    at.server.repo = 'acme/other';
    const { code, stdout, stderr } = await answer().done;
    expect(code).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ error: { type: 'InputError' } });
    expect(stderr).toMatch(/there is no directory acme\/tiny-bert, and http.* has no model of that name/);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it.each(['SIGINT', 'SIGKILL'] as const)('ended by %s goes on in the next run', async (signal) => {
    at.server.chunkBytes = 500;
    at.server.delayMs = 20;
    const { child, done } = answer();
    await until(begun);
    child.kill(signal);
    const ended = await done;
    if (signal === 'SIGINT') {
      expect(ended.code).toBe(130);
      expect(ended.stderr).toMatch(/stopped by SIGINT/);
    }
    const kept = (await stat(incomplete())).size;
    expect(kept).toBeGreaterThan(0);
    at.server.delayMs = 0;
    at.server.forget();
    expect(await answer().done).toMatchObject({ code: 0 });
    expect(at.server.cdn.map(({ range }) => range)).toEqual([`bytes=${kept}-`]);
  });

  it('of two processes at once is loaded by one', async () => {
    at.server.chunkBytes = 500;
    at.server.delayMs = 20;
    const one = answer();
    await until(begun);
    const [first, second] = await Promise.all([one.done, answer().done]);
    expect([first.code, second.code]).toEqual([0, 0]);
    expect(second.stdout).toBe(first.stdout);
    expect(at.server.cdn).toHaveLength(1);
    const found = await readFiles(join(at.root, 'snapshots', at.commit));
    expect(found.get(WEIGHTS)!.equals(at.files.get(WEIGHTS)!)).toBe(true);
    expect((await readdir(join(at.root, 'blobs'))).filter((name) => name.includes('.'))).toEqual([]);
  });
});
