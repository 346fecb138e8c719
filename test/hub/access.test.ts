import { mkdir, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { InputError, openModel } from 'ipu-pipeline';
import { hubSettings } from 'ipu-pipeline/internals';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scene, type Scene } from './hub-scene.js';

describe('settings', () => {
  it.each([
    [{ HF_HUB_CACHE: '/c', HF_HOME: '/h', XDG_CACHE_HOME: '/x' }, '/c'],
    [{ HUGGINGFACE_HUB_CACHE: '/old', HF_HOME: '/h' }, '/old'],
    [{ HF_HOME: '/h', XDG_CACHE_HOME: '/x' }, '/h/hub'],
    [{ XDG_CACHE_HOME: '/x' }, '/x/huggingface/hub'],
    [{ HF_HOME: '~/h' }, join(homedir(), 'h/hub')],
    [{ HF_HUB_CACHE: '~/c' }, join(homedir(), 'c')],
    [{ HF_HUB_CACHE: '$HOME/c', HOME: '/me' }, '/me/c'],
    [{ HF_HUB_CACHE: '/x/${USER}/$THERE_IS_NONE', USER: 'me' }, '/x/me/$THERE_IS_NONE'],
    [{ HF_HOME: '$DATA/h', DATA: '~/d' }, join(homedir(), 'd/h/hub')],
    [{ HF_HOME: '' }, join(homedir(), '.cache/huggingface/hub')],
  ])('%j keep the cache in %s', async (env, directory) => {
    expect(await hubSettings({ ...env, HF_TOKEN: 'x' })).toMatchObject({ cacheDirectory: directory });
  });

  it('have the defaults of the hub', async () => {
    const settings = await hubSettings({ HF_HOME: '/nowhere' });
    expect(settings).toMatchObject({
      ...{
        endpoint: 'https://huggingface.co',
        offline: false,
        timeoutMs: 60_000,
        askTimeoutMs: 10_000,
        token: undefined,
      },
    });
  });

  it.each([
    [{ HF_ENDPOINT: 'ftp://x' }, /HF_ENDPOINT is "ftp:\/\/x": it must be the http or https address/],
    [{ HF_ENDPOINT: 'hub' }, /HF_ENDPOINT is "hub"/],
    [{ HF_HUB_DOWNLOAD_TIMEOUT: '0' }, /HF_HUB_DOWNLOAD_TIMEOUT is "0"/],
    [{ HF_HUB_DOWNLOAD_TIMEOUT: 'long' }, /HF_HUB_DOWNLOAD_TIMEOUT is "long"/],
  ])('%j are refused', async (env, message) => {
    await expect(hubSettings({ HF_HOME: '/nowhere', ...env })).rejects.toThrow(message);
  });

  it('never show a secret', async () => {
    const error = await hubSettings({ HF_TOKEN: 'my secret' }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain('HF_TOKEN');
    expect((error as Error).message).not.toContain('secret');
    const address = await hubSettings({ HF_ENDPOINT: 'http://me:secret@hub' }).catch(
      (error: unknown) => error,
    );
    expect((address as Error).message).toMatch(/user name/);
    expect((address as Error).message).not.toContain('secret');
  });
});

describe('the hub', () => {
  let at: Scene;
  beforeEach(async () => {
    at = await scene();
  });
  afterEach(() => at.end());

  const tokens = (): Set<string | undefined> => new Set(at.server.hub.map(({ token }) => token));
  const withEnv = (env: Record<string, string | undefined>): { env: Record<string, string | undefined> } => ({
    env: { ...at.env, ...env },
  });

  it('gets the token, the server it redirects to does not', async () => {
    at.server.token = 'hf_right';
    await at.open(withEnv({ HF_TOKEN: 'hf_right' }));
    expect(tokens()).toEqual(new Set(['Bearer hf_right']));
    expect(at.server.cdn).toHaveLength(1);
    expect(at.server.cdn[0]!.token).toBeUndefined();
  });

  it('gets the token of the file, unless told not to', async () => {
    await mkdir(at.env['HF_HOME']!);
    await writeFile(join(at.env['HF_HOME']!, 'token'), 'from-home\n');
    await writeFile(join(at.cache, 'other'), 'from-path');
    await at.open();
    await at.open(withEnv({ HF_TOKEN_PATH: join(at.cache, 'other') }));
    await at.open(withEnv({ HUGGING_FACE_HUB_TOKEN: 'older-name' }));
    expect(tokens()).toEqual(new Set(['Bearer from-home', 'Bearer from-path', 'Bearer older-name']));
    at.server.forget();
    await at.open(withEnv({ HF_TOKEN: 'x', HF_HUB_DISABLE_IMPLICIT_TOKEN: '1' }));
    expect(tokens()).toEqual(new Set([undefined]));
  });

  it('is asked at HF_ENDPOINT for the revision', async () => {
    const other = at.server.commit(
      new Map([...at.files, ['vocab.txt', Buffer.from('[UNK]\n')]]),
      'dev/next',
      'v1',
    );
    const model = await at.open(
      { env: { ...at.env, HF_ENDPOINT: `${at.server.endpoint}/` } },
      `${at.server.repo}@dev/next`,
    );
    expect(model.directory).toBe(join(at.root, 'snapshots', other));
    expect(at.server.hub[0]!.path).toMatch(/^\/api\/models\/acme\/tiny-bert\/revision\/dev%2Fnext\?/);
    expect((await at.open({}, `${at.server.repo}@v1`)).directory).toBe(model.directory);
    expect((await at.open({}, `${at.server.repo}@${at.commit}`)).directory).toContain(at.commit);
  });

  it('is not asked about a directory of that name', async () => {
    const directory = 'test/hub';
    await expect(openModel(directory, { env: at.env })).rejects.toThrow(
      /cannot read test\/hub\/config\.json/,
    );
    expect(at.server.hub).toEqual([]);
  });

  it.each([
    [
      403,
      'GatedRepo',
      undefined,
      /acme\/tiny-bert is gated:.*Accept them at http.*\/acme\/tiny-bert, then set HF_TOKEN/,
    ],
    [403, 'GatedRepo', 'hf_x', /is gated:.*with the account that the token in HF_TOKEN belongs to/],
    [401, 'GatedRepo', undefined, /is gated/],
    [403, undefined, 'hf_x', /forbids to read (?!.*gated).*the token in HF_TOKEN lacks the right/],
    [403, undefined, undefined, /forbids to read (?!.*gated).*set HF_TOKEN/],
    [401, undefined, 'hf_x', /refuses the token in HF_TOKEN.*misspelt, has expired.*settings\/tokens/],
    [401, undefined, undefined, /has no model of that name \(or it is private\).*set HF_TOKEN/],
    [404, 'EntryNotFound', undefined, /has no config\.json of acme\/tiny-bert at revision "main"/],
    [400, undefined, undefined, /cannot download config\.json of acme\/tiny-bert: .* answered 400/],
  ])('that answers %i %s with token %s is understood', async (status, code, token, message) => {
    at.server.refusal = { status, ...(code === undefined ? {} : { code }) };
    const found = await at.refusal(withEnv({ HF_TOKEN: token }));
    expect(found).toMatch(message);
    expect(found).not.toContain('hf_x');
  });

  it('is quoted where it says in words what is wrong', async () => {
    const said = 'Please enable access to public gated repositories in your token settings.';
    at.server.refusal = { status: 403, message: said };
    expect(await at.refusal(withEnv({ HF_TOKEN: 'hf_x' }))).toContain(`The hub says: "${said}"`);
    at.server.refusal = { status: 400, message: 'x'.repeat(5000) };
    expect((await at.refusal()).length).toBeLessThan(600);
  });

  it('is understood by its own address', async () => {
    const model = await at.open({}, `${at.server.endpoint}/acme/tiny-bert/tree/main`);
    expect(model.directory).toBe(join(at.root, 'snapshots', at.commit));
  });

  it('without the model or revision says so, and what a directory would need', async () => {
    const message = await at.refusal({}, 'acme/typo');
    expect(message).toMatch(
      /no directory acme\/typo, and http.* has no model of that name.*config\.json, vocab\.txt/,
    );
    expect(await at.refusal({}, 'acme/tiny-bert@typo')).toMatch(
      /acme\/tiny-bert has no revision "typo" at http/,
    );
  });

  it.each([
    ['config.json', /has no config\.json, so it is no model.*It has .*README\.md/],
    [
      'model.safetensors',
      /has no weights in a format read here, which are model\.safetensors and pytorch_model\.bin.*tiny-bert\/tf_model\.h5 is a TensorFlow model: convert/,
    ],
  ])('without %s in the model is refused, with all that is there', async (gone, message) => {
    const files = new Map(at.files);
    for (const name of [gone, 'pytorch_model.bin']) files.delete(name);
    at.server.commit(files, 'lacking');
    expect(await at.refusal({}, 'acme/tiny-bert@lacking')).toMatch(message);
  });

  it.each([
    ['{"weight_map": {"a": "../../x"}}', /puts tensor "a" into "\.\.\/\.\.\/x": it must be a file beside/],
    [
      '{"weight_map": {"a": "gone.safetensors"}}',
      /has no gone\.safetensors, which model\.safetensors\.index\.json names/,
    ],
    ['[1', /index\.json of acme\/tiny-bert is not valid JSON/],
  ])('with the index %s is refused', async (index, message) => {
    const files = new Map(at.files);
    files.delete('model.safetensors');
    files.set('model.safetensors.index.json', Buffer.from(index));
    at.server.commit(files, 'shards');
    expect(await at.refusal({}, 'acme/tiny-bert@shards')).toMatch(message);
  });

  describe('when it is not there', () => {
    const offline = { HF_HUB_OFFLINE: '1' };

    it('the cache serves offline, and nothing is asked', async () => {
      const model = await at.open();
      at.server.forget();
      expect(await at.open(withEnv(offline))).toEqual(model);
      expect(at.server.hub).toEqual([]);
    });

    it('offline without the cache is refused with what to do', async () => {
      expect(await at.refusal(withEnv(offline))).toMatch(/HF_HUB_OFFLINE forbids.*lacks everything\. Unset/);
      await at.open();
      await rm(join(at.root, 'snapshots', at.commit, 'model.safetensors'));
      expect(await at.refusal(withEnv(offline))).toMatch(/lacks the weights/);
      expect(await at.refusal(withEnv(offline), 'acme/tiny-bert@v2')).toMatch(
        /acme\/tiny-bert@v2.*lacks everything/,
      );
    });

    it('the cache serves with a warning, which names the commit', async () => {
      const model = await at.open();
      await at.server.stop();
      const warnings: string[] = [];
      expect(await at.open({ onWarning: (message) => warnings.push(message) })).toEqual(model);
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(
        /cannot ask http.* for acme\/tiny-bert@main \(.*\): using commit [0-9a-f]{40}/,
      );
      expect(warnings[0]).toContain(at.commit);
    });

    it('a commit of the cache needs no question and no warning', async () => {
      await at.open();
      at.server.forget();
      const onWarning = (message: string): void => expect.fail(message);
      const model = await at.open({ onWarning }, `acme/tiny-bert@${at.commit}`);
      expect(model.directory).toBe(join(at.root, 'snapshots', at.commit));
      expect(at.server.hub).toEqual([]);
    });

    it('nothing serves what was never loaded', async () => {
      await at.server.stop();
      expect(await at.refusal()).toMatch(
        /no directory acme\/tiny-bert, and http.* cannot be reached.*HTTPS_PROXY/,
      );
    });

    it('a silent hub is not waited for longer than HF_HUB_ETAG_TIMEOUT', async () => {
      at.server.mute = true;
      expect(await at.refusal(withEnv({ HF_HUB_ETAG_TIMEOUT: '0.1' }))).toMatch(
        /cannot be reached.*for 0\.1 s/,
      );
      expect(at.server.hub).toHaveLength(3);
    });

    it('a cache that cannot be written is named', async () => {
      const file = join(at.cache, 'file');
      await writeFile(file, '');
      const message = await at.refusal(withEnv({ HF_HUB_CACHE: file }));
      expect(message).toMatch(/cannot keep the model in the cache .*file.*HF_HUB_CACHE names another/);
    });

    it('a server that is no hub is told from one', async () => {
      at.server.failures = Array.from({ length: 3 }, () => ({ status: 200 }));
      expect(await at.refusal()).toMatch(
        /names no commit for acme\/tiny-bert@main: is HF_ENDPOINT a Hugging Face hub/,
      );
    });

    it('a refusal is not hidden by the cache', async () => {
      await at.open();
      at.server.token = 'other';
      expect(await at.refusal()).toMatch(/no model of that name \(or it is private\)/);
    });
  });
});
