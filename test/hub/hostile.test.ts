import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scene, WEIGHTS, type Scene } from './hub-scene.js';
import { FILES, QUESTIONS, type Trick } from './tricks.js';

const LIMITS = { HF_HUB_ETAG_TIMEOUT: '0.5', HF_HUB_DOWNLOAD_TIMEOUT: '0.5' };
/** What has not ended by then would not end; how much later than its limit it ends is for bench/hostile-hub.ts. */
const GIVE_UP_MS = 5000;

let at: Scene;
beforeEach(async () => {
  at = await scene();
});
afterEach(() => at.end());

async function expectLeft(trick: Trick, where: RegExp): Promise<string> {
  at.server.instead = (request, response) => {
    if (!where.test(request.url!)) return false;
    trick(response, request, at.files.get(WEIGHTS)!.length);
    return true;
  };
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(new Error('it was still at it')), GIVE_UP_MS);
  try {
    const message = await at.refusal({
      ...{ env: { ...at.env, ...LIMITS }, retryDelayMs: 100, signal: late.signal },
    });
    expect(message).toContain('acme/tiny-bert');
    expect(message.length).toBeLessThan(4000);
    return message;
  } finally {
    clearTimeout(timer);
  }
}

describe.each([
  ['which commit it is', /\/api\/models\/[^?]*\/revision\//],
  ['what files there are', /\/api\/models\/[^?]*\/tree\//],
])('a hub that answers the question %s with', (_what, where) => {
  it.each(Object.entries(QUESTIONS))('%s is left in time', async (_trick, trick) => {
    await expectLeft(trick, where);
  });
});

describe.each([
  ['the hub', /\/resolve\//],
  ['the store behind it', /^\/blob\//],
])('a file of %s that comes as', (_what, where) => {
  it.each(Object.entries(FILES))('%s is left in time', async (_trick, trick) => {
    await expectLeft(trick, where);
  });
});

describe('a hub', () => {
  it('whose listing says that a small file is vast is refused before anything is loaded', async () => {
    const listed = [{ type: 'file', path: 'config.json', size: 1e12, oid: 'a'.repeat(40) }];
    const message = await expectLeft((response) => void response.end(JSON.stringify(listed)), /\/tree\//);
    expect(message).toMatch(/config\.json of acme\/tiny-bert has 1000000000000 bytes/);
  });

  it('that is slow, but gets on, is waited for beyond its limit', async () => {
    at.server.chunkBytes = 2000;
    at.server.delayMs = 40;
    const began = performance.now();
    await at.open({ env: { ...at.env, ...LIMITS, HF_HUB_DOWNLOAD_TIMEOUT: '0.2' } });
    expect(performance.now() - began).toBeGreaterThan(200);
  });
});
