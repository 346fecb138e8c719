import { createServer, request as forward, type Server } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { checkWeights } from 'ipu-pipeline/tasks';
import { bypassesProxy } from 'ipu-pipeline/internals';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { scene, type Scene } from './hub-scene.js';

/** Forwards plain requests and tunnels, and counts both. */
class Proxy {
  readonly requests: string[] = [];
  readonly tunnels: string[] = [];
  readonly credentials = new Set<string | undefined>();
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      this.requests.push(request.url!);
      this.credentials.add(request.headers['proxy-authorization']);
      const onward = forward(request.url!, { method: request.method, headers: request.headers }, (answer) => {
        response.writeHead(answer.statusCode!, answer.headers);
        answer.on('error', () => response.destroy()).pipe(response);
      });
      onward.on('error', () => response.writeHead(502).end());
      request.pipe(onward);
    });
    this.#server.on('connect', (request, socket) => {
      this.tunnels.push(request.url!);
      const [host, port] = request.url!.split(':');
      const onward = connect(Number(port), host, () => {
        socket.write('HTTP/1.1 200 Connection Established\r\n\r\n');
        onward.pipe(socket).pipe(onward);
      });
      onward.on('error', () => socket.destroy());
      socket.on('error', () => onward.destroy());
    });
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
  }

  get host(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }
}

let at: Scene;
let proxy: Proxy;
beforeEach(async () => {
  [at, proxy] = [await scene(), new Proxy()];
  await proxy.start();
});
afterEach(async () => {
  await at.end();
  await proxy.stop();
});

describe('a proxy', () => {
  it.each(['HTTP_PROXY', 'http_proxy'])('of %s is used for every request', async (name) => {
    const model = await at.open({ env: { ...at.env, [name]: `http://me:pass%40word@${proxy.host}` } });
    expect(await checkWeights(model, model.head)).toEqual([]);
    expect(proxy.requests).toHaveLength(at.server.hub.length + at.server.cdn.length);
    expect(at.server.cdn).toHaveLength(1);
    expect(proxy.credentials).toEqual(new Set([`Basic ${Buffer.from('me:pass@word').toString('base64')}`]));
  });

  it('resumes and keeps the token from other hosts', async () => {
    at.server.cuts = [2000];
    at.server.token = 'hf_right';
    await at.open({ env: { ...at.env, HTTP_PROXY: proxy.host, HF_TOKEN: 'hf_right' } });
    expect(at.server.cdn.length).toBeGreaterThan(1);
    expect(at.server.cdn.every(({ token }) => token === undefined)).toBe(true);
  });

  it('is passed by for the hosts of NO_PROXY', async () => {
    const cdn = `127.0.0.1:${at.server.cdnPort}`;
    await at.open({
      env: { ...at.env, HTTP_PROXY: `http://${proxy.host}`, NO_PROXY: `example.org, ${cdn}` },
    });
    expect(at.server.cdn).toHaveLength(1);
    expect(proxy.requests).toHaveLength(at.server.hub.length);
  });

  it('of HTTPS_PROXY is asked for a tunnel to an https hub', async () => {
    // No certificate here: it is enough that the tunnel is asked for and nothing goes past it.
    const endpoint = at.server.endpoint.replace('http:', 'https:');
    const env = { ...at.env, HF_ENDPOINT: endpoint, HTTPS_PROXY: `http://${proxy.host}` };
    expect(await at.refusal({ env })).toMatch(/cannot be reached/);
    expect(new Set(proxy.tunnels)).toEqual(new Set([new URL(endpoint).host]));
  });

  it('with an address that is none is refused without showing it', async () => {
    const message = await at.refusal({ env: { ...at.env, HTTPS_PROXY: 'socks5://me:secret@x:1' } });
    expect(message).toMatch(/HTTPS_PROXY is no address of an http or https proxy/);
    expect(message).not.toContain('secret');
  });
});

it.each([
  ['https://hub.example.org/x', 'example.org', true],
  ['https://hub.example.org/x', '.example.org', true],
  ['https://hub.example.org/x', '*.example.org', true],
  ['https://hub.example.org/x', 'a.com,HUB.example.ORG', true],
  ['https://hub.example.org/x', 'example.org:443', true],
  ['https://hub.example.org/x', 'example.org:80', false],
  ['https://badexample.org/x', 'example.org', false],
  ['https://hub.example.org/x', '*', true],
  ['https://hub.example.org/x', '', false],
  ['http://[::1]:80/', '::1', true],
  ['http://[::1]:80/', '[::1]:81', false],
])('%s with NO_PROXY=%s: %s', (url, noProxy, direct) => {
  expect(bypassesProxy(new URL(url), noProxy)).toBe(direct);
});
