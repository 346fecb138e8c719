import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** What a hostile server answers to one request, for a file of so many bytes. */
export type Trick = (response: ServerResponse, request: IncomingMessage, fileBytes: number) => void;

/** Writes as fast as the other side reads, for ever. */
const flood =
  (chunk: Buffer | string): Trick =>
  (response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(chunk));
    };
    response.on('drain', more);
    more();
  };
const trickle =
  (text: string, everyMs: number): Trick =>
  (response) => {
    const timer = setInterval(() => void response.write(text), everyMs);
    response.on('close', () => clearInterval(timer));
  };
const status =
  (code: number, headers: Record<string, string> = {}): Trick =>
  (response) =>
    void response.writeHead(code, headers).end();
const entries = (count: number, path: (at: number) => string): string =>
  JSON.stringify(
    Array.from({ length: count }, (_, n) => ({ type: 'file', path: path(n), size: 1, oid: '' })),
  );
const page =
  (body: string, next: (url: string) => string): Trick =>
  (response, request) => {
    response.setHeader('link', `<http://${request.headers.host}${next(request.url!)}>; rel="next"`);
    response.end(body);
  };

export const QUESTIONS: Readonly<Record<string, Trick>> = {
  'a body without end': flood(Buffer.alloc(1 << 16, ' ')),
  'JSON without end': flood('[[[['.repeat(1000)),
  'a trickle': trickle(' ', 20),
  'headers, and nothing more': (response) => response.flushHeaders(),
  'nothing at all': () => undefined,
  'a compressed bomb': (response) =>
    void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(64 << 20, ' '))),
  'pages without end': page('[]', (url) => `${url}&x`),
  'the same page again and again': page('[]', (url) => url),
  'large pages without end': page(
    entries(5000, (n) => `file-${n}`),
    (url) => url,
  ),
  'files whose sums must be asked for, without end': page(
    entries(500, (n) => `${n}.bin`),
    (url) => url,
  ),
  'a body that is too short': (response) => {
    response.writeHead(200, { 'content-length': '1000' }).write('[');
    setTimeout(() => response.destroy(), 50);
  },
  'redirects in a circle': (response, { url }) => void response.writeHead(302, { location: url! }).end(),
  'slow redirects': (response, { url }) =>
    void setTimeout(() => response.writeHead(302, { location: url! }).end(), 200),
  'to come back in an hour': status(503, { 'retry-after': '3600' }),
  'an error without end': (response, request, fileBytes) => {
    response.statusCode = 500;
    flood('no ')(response, request, fileBytes);
  },
  'one name of megabytes': (response) =>
    void response.end(
      JSON.stringify([{ type: 'file', path: 'x'.repeat(5_000_000), size: 1, oid: 'a'.repeat(40) }]),
    ),
  'one folder a thousand times': (response) =>
    void response.end(
      JSON.stringify(Array.from({ length: 1000 }, () => ({ type: 'directory', path: '1_Pooling' }))),
    ),
};

export const FILES: Readonly<Record<string, Trick>> = {
  'a body without end': flood(Buffer.alloc(1 << 16)),
  'a trickle': trickle('x', 20),
  'a trickle in connections of their own': (response) => {
    response.write('x');
    setTimeout(() => response.destroy(), 5);
  },
  'the beginning again and again': (response) => {
    response.write('x'.repeat(5000));
    setTimeout(() => response.destroy(), 5);
  },
  'headers, and nothing more': (response) => response.flushHeaders(),
  'nothing at all': () => undefined,
  'fewer bytes than it says': (response, _, fileBytes) => {
    response.writeHead(200, { 'content-length': String(fileBytes) });
    response.end('x');
  },
  'a range without end': (response, request, fileBytes) => {
    response.writeHead(206, { 'content-range': `bytes 0-${fileBytes - 1}/${fileBytes}` });
    trickle('x', 100)(response, request, fileBytes);
  },
  'redirects in a circle': (response, { url }) => void response.writeHead(302, { location: url! }).end(),
  'to come back in an hour': status(503, { 'retry-after': '3600' }),
  'no range at all': status(416),
  'a compressed bomb': (response) =>
    void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(Buffer.alloc(64 << 20))),
};
