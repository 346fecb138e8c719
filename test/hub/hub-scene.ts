import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openModel, type BertModel } from 'ipu-pipeline';
import type { DownloadOptions } from 'ipu-pipeline/models';
import { expect } from 'vitest';
import { writeModel } from '../model-directory.js';
import { HubServer } from './hub-server.js';

/** A hub with one small model, an empty cache, and what it takes to open the model from there. */
export interface Scene {
  readonly server: HubServer;
  readonly commit: string;
  readonly files: Map<string, Buffer>;
  readonly cache: string;
  readonly env: Record<string, string | undefined>;
  /** Directory of the model in the cache. */
  readonly root: string;
  open(options?: DownloadOptions, name?: string): Promise<BertModel>;
  /** The message of the user error that opening ends with. */
  refusal(options?: DownloadOptions, name?: string): Promise<string>;
  end(): Promise<void>;
}

export const WEIGHTS = 'model.safetensors';

export async function scene(change?: (files: Map<string, Buffer>) => void): Promise<Scene> {
  const directory = await writeModel();
  const files = await readFiles(directory);
  await rm(directory, { recursive: true });
  files.set('README.md', Buffer.from('# not needed'));
  files.set('tf_model.h5', Buffer.alloc(1000));
  files.set('pytorch_model.bin', Buffer.from('must not be loaded beside safetensors'));
  files.set('tokenizer_config.json', Buffer.from('{"do_lower_case": true}'));
  change?.(files);
  const server = await HubServer.start();
  const commit = server.commit(files, 'main');
  const cache = await mkdtemp(join(tmpdir(), 'ipu-pipeline-hub-'));
  const env = { HF_ENDPOINT: server.endpoint, HF_HUB_CACHE: cache, HF_HOME: join(cache, 'home') };
  const open: Scene['open'] = (options = {}, name = server.repo) =>
    openModel(name, { env, retryDelayMs: 5, ...options });
  return {
    ...{ server, commit, files, cache, env, open },
    root: join(cache, 'models--acme--tiny-bert'),
    refusal: async (options, name) => {
      const error = await open(options, name).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(error).toMatchObject({ exitCode: 2 });
      return (error as Error).message;
    },
    end: async () => {
      await server.stop();
      await rm(cache, { recursive: true, force: true });
    },
  };
}

export async function readFiles(directory: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  for (const name of (await readdir(directory)).sort())
    files.set(name, await readFile(join(directory, name)));
  return files;
}
