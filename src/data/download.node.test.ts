// Downloads from a real server on this machine that behaves as badly as servers and networks do.

import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResiduaError } from '../errors.ts';
import { lock } from '../files/lock.node.ts';
import { randomStream } from '../tensor/random.ts';
import { type DownloadOptions, download } from './download.node.ts';
import type { DownloadProgress } from './download-progress.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const random = randomStream({ seed: 1, purpose: 'shuffle' });
const content = Buffer.from(Uint8Array.from({ length: 300_000 }, () => random.integer(256)));
const md5 = createHash('md5').update(content).digest('hex');
const tag = '"version 1"';

let folder: string;
let path: string;
let server: Server;
let answer: Answer;
let requests: { url: string; range?: string; ifRange?: string }[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residua-download-'));
  path = join(folder, 'cache', 'data.bin');
  requests = [];
  server = createServer((request, response) => {
    const { range, 'if-range': ifRange } = request.headers;
    requests.push({ url: request.url!, range, ifRange: ifRange as string | undefined });
    answer(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await rm(folder, { recursive: true });
});

const mirror = (name = '') => `http://127.0.0.1:${(server.address() as AddressInfo).port}/${name}`;
const get = (options: DownloadOptions = {}, mirrors = [mirror()]) =>
  download({ name: 'data.bin', size: content.length, md5, mirrors }, path, { retryDelay: 1, ...options });
const files = () => readdir(join(folder, 'cache'));
const expectWhole = async () => {
  expect(content.equals(await readFile(path))).toBe(true);
  expect(await files()).toEqual(['data.bin']);
};

/** What a good server does, as far as byte `until`; there it cuts the connection. */
function serve(request: IncomingMessage, response: ServerResponse, until = content.length): void {
  const first = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const fresh = request.headers['if-range'] === undefined || request.headers['if-range'] === tag;
  const from = fresh ? first : 0;
  const range = from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {};
  const length = { 'content-length': content.length - from, etag: tag };
  response.writeHead(from > 0 ? 206 : 200, { ...length, ...range });
  if (until >= content.length) response.end(content.subarray(from));
  else response.write(content.subarray(from, Math.max(from, until)), () => setTimeout(() => response.destroy(), 30));
}

async function failure(promise: Promise<unknown>): Promise<ResiduaError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ResiduaError);
  return error;
}

describe('a connection that is cut', () => {
  it('is taken up where it ended, if the file is still the same', async () => {
    answer = (request, response) => serve(request, response, requests.length === 1 ? 100_000 : undefined);
    const reports: DownloadProgress[] = [];
    await get({ onProgress: (report) => reports.push(report) });
    await expectWhole();
    expect(requests).toEqual([
      { url: '/data.bin', range: undefined, ifRange: undefined },
      { url: '/data.bin', range: expect.stringMatching(/^bytes=[1-9]\d*-$/), ifRange: tag },
    ]);
    const received = reports.map((report) => report.received);
    expect(received).toEqual([...received].sort((a, b) => a - b));
    expect([received[0], received.at(-1)]).toEqual([0, content.length]);
  });

  it('may be cut at any places, more often than there are attempts without success', async () => {
    const cuts = fc.uniqueArray(fc.integer({ min: 1, max: content.length - 1 }), { minLength: 1, maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(cuts, async (places) => {
        await rm(path, { force: true });
        // Each at least 1 % beyond the one before: less counts as an attempt in vain.
        const far = places.sort((a, b) => a - b).filter((at, i) => i === 0 || at - places[i - 1] > content.length / 50);
        answer = (request, response) => serve(request, response, far.shift());
        await get({ attempts: 4 });
        await expectWhole();
      }),
      { numRuns: 15, seed: 5 },
    );
  });

  it('is given up when nothing comes any more, and the next process goes on', async () => {
    answer = (request, response) => serve(request, response, 100_000);
    const error = await failure(get());
    expect(error.message).toMatch(/\(\d+ attempts\)/);
    expect(await files()).toEqual(['data.bin.part']);
    const { size } = await stat(`${path}.part`);
    expect(error.hint).toContain(`run again (the ${size} bytes that came are kept), or`);
    answer = serve;
    await get();
    await expectWhole();
    expect(requests.at(-1)!.range).toBe(`bytes=${size}-`);
  });

  it('is taken up at another mirror', async () => {
    answer = (request, response) => serve(request, response, request.url!.startsWith('/a/') ? 200_000 : undefined);
    await get({}, [mirror('a/'), mirror('b/')]);
    await expectWhole();
    expect(requests.at(-1)).toEqual({
      url: '/b/data.bin',
      range: expect.stringMatching(/^bytes=[1-9]\d*-$/),
      ifRange: undefined,
    });
  });
});

describe('a server that does not serve ranges', () => {
  it('begins again', async () => {
    answer = (request, response) => {
      delete request.headers.range;
      serve(request, response, requests.length === 1 ? 100_000 : undefined);
    };
    await get();
    await expectWhole();
  });

  it.each<[string, Answer]>([
    [
      'another range',
      (_, response) =>
        void response.writeHead(206, { 'content-range': `bytes 5-9/${content.length}` }).end(content.subarray(5, 10)),
    ],
    [
      'a range of another file',
      (request, response) => {
        const from = Number(/\d+/.exec(request.headers.range!));
        response.writeHead(206, { 'content-range': `bytes ${from}-999999/1000000` }).end(content.subarray(from));
      },
    ],
    ['a range without saying which', (_, response) => void response.writeHead(206).end(content.subarray(7))],
    ['no such range', (_, response) => void response.writeHead(416).end()],
  ])('but with %s is asked for the whole', async (_, wrong) => {
    answer = (request, response) => {
      if (request.headers.range !== undefined) wrong(request, response);
      else serve(request, response, requests.length === 1 ? 100_000 : undefined);
    };
    await get();
    await expectWhole();
    expect(requests.at(-1)!.range).toBeUndefined();
  });
});

describe('bytes that are wrong', () => {
  it('before a resume are thrown away, and the file begins again', async () => {
    await mkdir(join(folder, 'cache'));
    await writeFile(`${path}.part`, Buffer.alloc(1000));
    answer = serve;
    await get();
    await expectWhole();
    expect(requests.map(({ range }) => range)).toEqual(['bytes=1000-', undefined]);
  });

  it('of another version are not appended', async () => {
    answer = (request, response) => {
      if (requests.length > 1) return serve(request, response);
      response.writeHead(200, { etag: '"version 0"', 'content-length': content.length });
      response.write(Buffer.alloc(5000), () => setTimeout(() => response.destroy(), 5));
    };
    await get();
    await expectWhole();
    expect(requests.map(({ ifRange }) => ifRange)).toEqual([undefined, '"version 0"']);
  });

  it('of another version, sent by a server that has never heard of If-Range, are told by the checksum', async () => {
    const old = Buffer.alloc(content.length, 7);
    answer = (request, response) => {
      delete request.headers['if-range'];
      if (requests.length > 1) return serve(request, response);
      response.writeHead(200, { etag: '"version 0"', 'content-length': old.length });
      response.write(old.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 30));
    };
    await get();
    await expectWhole();
    expect(requests.map(({ range }) => range !== undefined)).toEqual([false, true, false]);
  });

  it('that are more than the file are not taken up', async () => {
    await mkdir(join(folder, 'cache'));
    await writeFile(`${path}.part`, Buffer.alloc(content.length + 1));
    answer = serve;
    await get();
    await expectWhole();
  });

  it.each<[string, Answer, string]>([
    ['404', (_, response) => void response.writeHead(404).end(), 'HTTP 404 Not Found'],
    [
      "a network's page for a login",
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html; charset=utf-8' }).end('<html>'),
      'a web page instead of the file, as networks send that ask for a login',
    ],
    ['another file', (_, response) => void response.end(Buffer.alloc(content.length)), `expected md5 ${md5}, found`],
    ['too short a file', (_, response) => void response.end('abc'), 'expected 300000 bytes, found 3'],
    [
      'too long a file',
      (_, response) => void response.end(Buffer.alloc(300_001)),
      'expected 300000 bytes, found 300001',
    ],
    [
      'a file without end',
      (_, response) => {
        response.on('drain', () => response.write(content)).write(content);
        response.write(content);
      },
      'expected 300000 bytes, found more',
    ],
    [
      'an encoding',
      (_, response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(content),
      'the file in the encoding gzip, which was not asked for',
    ],
  ])('since the server sends %s are not asked for twice', async (_, wrong, message) => {
    answer = wrong;
    const error = await failure(get());
    expect(error.message).toContain(`${mirror()}data.bin: ${message}`);
    expect(error.hint).toContain(`get the file yourself and put it at ${path}`);
    expect(requests.length).toBe(1);
    expect((await files()).includes('data.bin')).toBe(false);
  });
});

describe('a server that is slow', () => {
  it('without end is given up', async () => {
    answer = (_, response) => {
      response.writeHead(200, { 'content-length': content.length });
      const drip = setInterval(() => response.write('x'), 20);
      response.on('close', () => clearInterval(drip));
    };
    const error = await failure(get({ timeout: 200, attempts: 2 }));
    expect(error.message).toMatch(/only \d+ bytes received in 0.2 s \(2 attempts\)/);
  });

  it('with its headers is given up', async () => {
    answer = () => {};
    expect((await failure(get({ timeout: 50 }))).message).toContain('nothing received for 0.05 s (3 attempts)');
  });
});

describe('a redirect', () => {
  it('is followed, and followed again when the rest is asked for', async () => {
    answer = (request, response) => {
      if (request.url === '/data.bin') response.writeHead(302, { location: '/elsewhere/data.bin' }).end();
      else serve(request, response, requests.length === 2 ? 100_000 : undefined);
    };
    await get();
    await expectWhole();
    expect(requests.map(({ url }) => url)).toEqual([
      '/data.bin',
      '/elsewhere/data.bin',
      '/data.bin',
      '/elsewhere/data.bin',
    ]);
    expect(requests[3]).toEqual({ ...requests[3], range: expect.stringMatching(/^bytes=[1-9]/), ifRange: tag });
  });

  it('in a circle is given up', async () => {
    answer = (_, response) => void response.writeHead(302, { location: '/data.bin' }).end();
    expect((await failure(get())).message).toContain('redirect count exceeded');
  });
});

describe('mirrors', () => {
  it('are tried in their order, and each says what it answered when all fail', async () => {
    answer = (request, response) => {
      if (request.url!.startsWith('/gone/')) response.writeHead(404).end();
      else if (request.url!.startsWith('/other/')) response.end(Buffer.alloc(content.length));
      else if (request.url!.startsWith('/busy/')) response.writeHead(503).end();
      else serve(request, response);
    };
    const bad = [mirror('gone/'), mirror('other/'), mirror('busy/')];
    const error = await failure(get({}, bad));
    expect(error.exitCode).toBe(1);
    expect(error.message.split('\n')).toEqual([
      'could not download data.bin (300000 bytes):',
      `  ${bad[0]}data.bin: HTTP 404 Not Found`,
      expect.stringMatching(`  ${bad[1]}data.bin: expected md5 ${md5}, found [0-9a-f]{32}$`),
      `  ${bad[2]}data.bin: HTTP 503 Service Unavailable (3 attempts)`,
    ]);
    await get({}, [...bad, mirror()]);
    await expectWhole();
  });

  it('may have hosts that nobody answers for', async () => {
    answer = serve;
    await get({ attempts: 1 }, ['http://127.0.0.1:1/', mirror()]);
    await expectWhole();
    await rm(path);
    expect((await failure(get({ attempts: 1 }, ['http://127.0.0.1:1/']))).message).toContain('127.0.0.1:1/data.bin: ');
  });
});

describe('several downloads of the same file', () => {
  it('at once fetch it once', async () => {
    answer = serve;
    await Promise.all([get(), get(), get()]);
    await expectWhole();
    expect(requests.length).toBe(1);
  });

  it('take turns when one fails', async () => {
    answer = (request, response) => {
      if (requests.length === 1) response.writeHead(404).end();
      else serve(request, response);
    };
    const results = await Promise.allSettled([get(), get()]);
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    await expectWhole();
  });

  it('show how far the one is that fetches, and give up waiting when it hangs', async () => {
    await mkdir(join(folder, 'cache'));
    await writeFile(`${path}.part`, content.subarray(0, 500));
    const held = await lock(`${path}.lock`);
    const reports: DownloadProgress[] = [];
    const error = await failure(get({ timeout: 50, onProgress: (report) => reports.push(report) }));
    await held.release();
    expect(error.message).toMatch(/data\.bin is under way to this process itself, and nothing has come for 0\.\d+ s$/);
    expect(error.hint).toContain(`delete ${path}.lock`);
    expect(reports.map(({ received }) => received)).toEqual([500]);
    expect(requests).toEqual([]);
  });
});

it('asks for no more than the disk has room for', async () => {
  const file = { name: 'data.bin', size: 2 ** 60, md5, mirrors: [mirror()] };
  const error = await failure(download(file, path));
  expect(error.message).toContain(`could not write ${path}: ${2 ** 60} bytes are still to come, and the disk has room`);
  expect(await files()).toEqual([]);
});
