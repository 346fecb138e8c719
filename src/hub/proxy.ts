import { InputError } from '../../ipu-config/base/errors.js';
import type { Environment } from './hub-settings.js';

/** `fetch` as this project calls it. */
export type Fetch = typeof globalThis.fetch;

/** A fetch that goes through the proxies of the environment, and what ends its connections. */
export interface ProxiedFetch {
  readonly fetch: Fetch;
  close(): Promise<void>;
}

/**
 * `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, in small letters too, which come first as in curl. Node's own fetch
 * looks at none of them. undici is loaded only when there is a proxy.
 * @throws InputError when a proxy's address is none
 */
export async function proxiedFetch(env: Environment): Promise<ProxiedFetch> {
  const proxies = {
    'http:': proxyOf(env, 'http_proxy') ?? proxyOf(env, 'HTTP_PROXY'),
    'https:': proxyOf(env, 'https_proxy') ?? proxyOf(env, 'HTTPS_PROXY'),
  };
  if (!proxies['http:'] && !proxies['https:']) {
    return { fetch: (input, init) => globalThis.fetch(input, init), close: () => Promise.resolve() };
  }
  const undici = await import('undici');
  const agents = new Map<string, InstanceType<typeof undici.ProxyAgent>>();
  const direct = env['no_proxy'] ?? env['NO_PROXY'] ?? '';
  const proxied = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const url = new URL(input instanceof Request ? input.url : input);
    const proxy = url.protocol === 'https:' ? proxies['https:'] : proxies['http:'];
    if (!proxy || bypassesProxy(url, direct)) return globalThis.fetch(input, init);
    // Without a tunnel, because many proxies allow CONNECT to port 443 alone. It concerns http only.
    const agent = agents.get(proxy.href) ?? new undici.ProxyAgent({ uri: proxy.href, proxyTunnel: false });
    agents.set(proxy.href, agent);
    const options = { ...init, dispatcher: agent } as Parameters<typeof undici.fetch>[1];
    return await undici.fetch(url, options);
  };
  return {
    fetch: proxied,
    close: async () => void (await Promise.all([...agents.values()].map((agent) => agent.destroy()))),
  };
}

/** Whether `NO_PROXY` names the host: `*`, `host`, `.domain`, `*.domain` or `domain`, each perhaps with a port. */
export function bypassesProxy(url: URL, noProxy: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return noProxy
    .toLowerCase()
    .split(/[\s,]+/)
    .some((entry) => {
      if (entry === '*') return true;
      // An IPv6 address has colons of its own: it has a port only behind brackets.
      const withPort = /^(?:\[(?<six>[^\]]+)\]|(?<name>[^:]+)):(?<port>\d+)$/.exec(entry)?.groups;
      if (withPort && withPort['port'] !== port) return false;
      const name = (withPort?.['six'] ?? withPort?.['name'] ?? entry).replace(/^\[|\]$/g, '');
      const domain = name.replace(/^\*?\./, '');
      return domain !== '' && (host === domain || host.endsWith(`.${domain}`));
    });
}

function proxyOf(env: Environment, name: string): URL | undefined {
  const text = env[name]?.trim();
  if (!text) return undefined;
  const full = text.includes('://') ? text : `http://${text}`;
  const url = URL.canParse(full) ? new URL(full) : undefined;
  if (url && ['http:', 'https:'].includes(url.protocol)) return url;
  // The address may hold a password, so it is not shown.
  throw new InputError(`${name} is no address of an http or https proxy: it must be like http://proxy:8080.`);
}
