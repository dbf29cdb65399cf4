// The studio against pages that are not its own, and against clients that break the rules: each is refused or served, as JSON
// or as what was asked for, and the studio goes on serving the others.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../cli/run-cli.ts';
import {
  ask,
  expectError,
  expectRefusal,
  halfOpen,
  listen,
  post,
  type RunningStudio,
  raw,
  startStudio,
  statusOf,
} from './start-studio.ts';

const SECRET = 'nobody is to read this';

const folder = temporaryFolder();
const runs = join(folder, 'runs');
let studio: RunningStudio;

beforeAll(async () => {
  mkdirSync(join(runs, 'a run'), { recursive: true });
  writeFileSync(join(folder, 'config.json'), SECRET);
  writeFileSync(join(folder, 'model.safetensors'), SECRET);
  writeFileSync(join(runs, 'a run', 'config.json'), '{"recipe": ');
  // So that no test deletes it.
  writeFileSync(join(runs, 'a run', 'notes.txt'), 'not written by a run');
  studio = await startStudio(runs);
});
afterAll(async () => {
  expect(studio.stderr()).not.toMatch(/Error/);
  await studio.stop();
});

const host = () => `127.0.0.1:${studio.port}`;
const get = (path: string, ...headers: string[]) =>
  raw(studio.port, `${[`GET ${path} HTTP/1.1`, `Host: ${host()}`, ...headers].join('\r\n')}\r\n\r\n`);
const isUp = async () => expect(await ask(studio, 'api/runs')).toHaveLength(1);

describe('who may ask', () => {
  it('answers under its three names, in any case', async () => {
    for (const name of ['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]']) {
      const answer = await raw(studio.port, `GET /api/runs HTTP/1.1\r\nHost: ${name}:${studio.port}\r\n\r\n`);
      expect(statusOf(answer), name).toBe(200);
    }
  });

  it.each([
    'evil.example',
    'evil.example:PORT',
    '127.0.0.1',
    '127.0.0.1:1',
    'localhost.evil.example:PORT',
    '127.0.0.1:PORT.evil.example',
    'evil.example@127.0.0.1:PORT',
    '127.0.0.1:PORT/',
    '0.0.0.0:PORT',
    '',
  ])('refuses the Host %j: the name of a page that points here', async (name) => {
    const foreign = name.replace('PORT', String(studio.port));
    for (const path of ['/', '/api/runs']) {
      const answer = await raw(studio.port, `GET ${path} HTTP/1.1\r\nHost: ${foreign}\r\n\r\n`);
      expectRefusal(answer, 403);
    }
  });

  it('refuses requests without a Host, with two, and to another site', async () => {
    expectRefusal(await raw(studio.port, 'GET /api/runs HTTP/1.0\r\n\r\n'), 403);
    expect([400, 403]).toContain(statusOf(await raw(studio.port, 'GET /api/runs HTTP/1.1\r\n\r\n')));
    const two = `GET /api/runs HTTP/1.1\r\nHost: evil.example\r\nHost: ${host()}\r\n\r\n`;
    expect([400, 403]).toContain(statusOf(await raw(studio.port, two)));
    const elsewhere = `GET http://evil.example/api/runs HTTP/1.1\r\nHost: ${host()}\r\n\r\n`;
    expectRefusal(await raw(studio.port, elsewhere), 403);
  });

  it.each([
    'http://evil.example',
    'null',
    'https://127.0.0.1:PORT',
    'http://127.0.0.1',
    'http://localhost:1',
    'file://',
  ])('refuses the Origin %s, whatever it asks for', async (origin) => {
    const foreign = origin.replace('PORT', String(studio.port));
    expectRefusal(await get('/api/runs', `Origin: ${foreign}`), 403);
    const body = '{"settings":{}}';
    const start = ['Content-Type: application/json', `Content-Length: ${body.length}`, `Origin: ${foreign}`];
    const answer = await raw(
      studio.port,
      `POST /api/runs HTTP/1.1\r\nHost: ${host()}\r\n${start.join('\r\n')}\r\n\r\n${body}`,
    );
    expectRefusal(answer, 403);
    expect(answer).not.toMatch(/access-control/i);
  });

  it('answers its own Origin', async () => {
    expect(statusOf(await get('/api/runs', `Origin: http://${host()}`, 'Sec-Fetch-Site: same-origin'))).toBe(200);
  });

  it('answers no request of another page, but lets one link here', async () => {
    expectRefusal(await get('/api/runs', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: no-cors'), 403);
    expectRefusal(await get('/api/runs', 'Sec-Fetch-Site: same-site', 'Sec-Fetch-Mode: cors'), 403);
    expectRefusal(await get('/api/runs', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'), 403);
    expect(statusOf(await get('/', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'))).toBe(200);
  });

  it('isolates the page, and lets nothing that it knows leave', async () => {
    for (const path of ['/', '/api/runs', '/api/nothing', '/nothing']) {
      const { headers } = await fetch(new URL(path, studio.url));
      expect(headers.get('cross-origin-opener-policy')).toBe('same-origin');
      expect(headers.get('cross-origin-embedder-policy')).toBe('require-corp');
      expect(headers.get('cross-origin-resource-policy')).toBe('same-origin');
      expect(headers.get('x-content-type-options')).toBe('nosniff');
      const policy = headers.get('content-security-policy')!;
      expect(policy).toContain("default-src 'none'");
      expect(policy).toContain("connect-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).not.toMatch(/https?:|\*|unsafe-inline|'unsafe-eval'/);
    }
  });
});

describe('paths', () => {
  const up = ['..', '%2e%2e', '.%2e', '%2E.', '..%00', '%252e%252e', '..;', '%c0%ae%c0%ae', '....', '．．'];
  const separators = ['/', '%2f', '%2F', '\\', '%5c', '%252f', '%c0%af'];

  it('lead to no file but those that are served', async () => {
    const paths = up.flatMap((dots) =>
      separators.flatMap((slash) => [
        `/${dots}${slash}config.json`,
        `/assets/${dots}${slash}${dots}${slash}${dots}${slash}package.json`,
        `/api/runs/${dots}${slash}model.safetensors`,
        `/api/runs/${dots}/model.safetensors`,
        `/api/runs/a%20run${slash}${dots}${slash}${dots}${slash}model.safetensors`,
        `/api/runs/${dots}`,
        `/api/datasets/${dots}${slash}${dots}/test/data.safetensors`,
      ]),
    );
    paths.push('/config.json', '//etc/passwd', '/file:///etc/passwd', '/%00', '/%', '/%zz', `/${'a/'.repeat(2000)}`);
    for (const path of paths) {
      const answer = await raw(
        studio.port,
        Buffer.from(`GET ${path} HTTP/1.1\r\nHost: ${host()}\r\nConnection: close\r\n\r\n`),
      );
      // Addresses are made simple first: /api/runs/../x is /api/x.
      if (statusOf(answer) === 200) expect(answer, path).toMatch(/\r\n\r\n(\[|<!doctype html>)/);
      else expectRefusal(answer, 400, 404, 405);
      expect(answer, path).not.toContain(SECRET);
      expect(answer, path).not.toContain('root:');
    }
  }, 240_000);

  it('delete nothing but runs', async () => {
    for (const id of ['..', '.', '%2e%2e', '..%2fruns', '%2Fetc', 'a%20run%2f..', '']) {
      const head = `DELETE /api/runs/${id} HTTP/1.1\r\nHost: ${host()}\r\n\r\n`;
      expectRefusal(await raw(studio.port, head), 404, 405);
    }
    await isUp();
  });
});

describe('requests', () => {
  const send = (body: string, ...headers: string[]) =>
    raw(studio.port, `${['POST /api/runs HTTP/1.1', `Host: ${host()}`, ...headers].join('\r\n')}\r\n\r\n${body}`);
  const json = 'Content-Type: application/json';

  it('are refused when they are too large, said or not', async () => {
    const large = 'x'.repeat(10_000_000);
    expectRefusal(await send(large, json, `Content-Length: ${large.length}`), 413);
    const chunk = `${(1 << 16).toString(16)}\r\n${'x'.repeat(1 << 16)}\r\n`;
    expectRefusal(await send(chunk.repeat(40), json, 'Transfer-Encoding: chunked'), 413);
    expectRefusal(await get('/', `X-Long: ${'x'.repeat(100_000)}`), 431);
    expect([400, 414, 431]).toContain(statusOf(await get(`/${'x'.repeat(100_000)}`)));
    await isUp();
  });

  it.each([
    ['no JSON', '{"settings"'],
    ['another thing', '[]'],
    ['nothing', ''],
    ['null', 'null'],
    ['settings of another type', '{"settings": 5}'],
    ['fields that there are not', '{"settings": {}, "shell": "rm"}'],
    ['a setting that there is not', '{"settings": {"epoch": 1}}'],
    ['the setting where a run goes', '{"settings": {"out": "/tmp/elsewhere"}}'],
    ['a prototype', '{"settings": {"__proto__": {"epochs": 1}, "constructor": 1}}'],
    ['an object for a number', '{"settings": {"epochs": {"$gt": 0}}}'],
    ['a number out of range', '{"settings": {"epochs": 0}}'],
    ['an option for a value', '{"settings": {"model": "--out=/tmp/elsewhere"}}'],
    ['a zero byte', '{"settings": {"dataset": "mnist\\u0000"}}'],
    ['a folder that there is not', '{"settings": {"dataset": "/no/such/folder"}}'],
    ['a name that leads elsewhere', '{"settings": {}, "name": "../elsewhere"}'],
    ['a name that is hidden', '{"settings": {}, "name": ".hidden"}'],
    ['a name that is a device', '{"settings": {}, "name": "con"}'],
    ['a name with a zero byte', '{"settings": {}, "name": "a\\u0000b"}'],
    ['what is nested without end', `{"settings": ${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ])('are refused when they hold %s', async (_what, body) => {
    const answer = await send(body, json, `Content-Length: ${Buffer.byteLength(body)}`);
    expect(expectRefusal(answer, 400, 500).code).toMatch(/bad-request|failed/);
    await isUp();
  });

  it('are refused when a form could have sent them', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x', '']) {
      const answer = await send('{"settings":{}}', `Content-Type: ${type}`, 'Content-Length: 15');
      expect(expectRefusal(answer, 415).code).toBe('unsupported-type');
    }
  });

  it('are refused when they are no HTTP', async () => {
    for (const bytes of ['\x16\x03\x01\x02\x00', 'hello\r\n\r\n', 'GET / HTTP/9.9\r\n\r\n', 'GET /\r\n\r\n\r\n']) {
      expectRefusal(await raw(studio.port, bytes), 400, 403);
    }
    const smuggled = 'Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /x';
    expectRefusal(await raw(studio.port, `POST / HTTP/1.1\r\nHost: ${host()}\r\n${smuggled}`), 400);
  });

  it('have the methods that an address knows, and no others', async () => {
    for (const method of ['PUT', 'PATCH', 'OPTIONS', 'TRACE', 'PROPFIND', 'DELETE']) {
      const answer = await raw(studio.port, `${method} /api/runs HTTP/1.1\r\nHost: ${host()}\r\n\r\n`);
      expect(expectRefusal(answer, 405).code).toBe('method-not-allowed');
      expect(answer).toMatch(/^allow: GET, HEAD, POST\r$/im);
    }
    expect(statusOf(await raw(studio.port, `BREW / HTTP/1.1\r\nHost: ${host()}\r\n\r\n`))).toBe(400);
    const connect = await raw(studio.port, `CONNECT example.org:443 HTTP/1.1\r\nHost: ${host()}\r\n\r\n`);
    expect(connect).not.toMatch(/ 200 /);
  });

  it('by HEAD get the head alone', async () => {
    for (const path of ['/', '/api/runs', '/api/catalogue', '/api/events', '/api/nothing']) {
      const answer = await raw(
        studio.port,
        `HEAD ${path} HTTP/1.1\r\nHost: ${host()}\r\nConnection: close\r\n\r\n`,
        () => false,
      );
      expect(statusOf(answer), path).toBe(path === '/api/nothing' ? 404 : 200);
      expect(answer.endsWith('\r\n\r\n'), path).toBe(true);
    }
  });

  it('tell what a damaged run is, and nothing else', async () => {
    const [run] = await ask<{ id: string; state: string; problem: string }[]>(studio, 'api/runs');
    expect(run).toMatchObject({ id: 'a run', state: 'damaged' });
    for (const path of [
      'evaluation',
      'export?to=onnx',
      'export?to=exe',
      'model.safetensors',
      'report.html',
      'images/test/0.png',
    ]) {
      const response = await fetch(`${studio.url}api/runs/a%20run/${path}`);
      expect(response.status).toBeGreaterThanOrEqual(400);
      expectError(await response.text());
    }
    for (const path of ['metrics?after=-1', 'metrics?after=1e9', 'metrics?after=x']) {
      expect((await fetch(`${studio.url}api/runs/a%20run/${path}`)).status).toBe(400);
    }
    expect((await post(studio, 'api/runs/a%20run/pause')).status).toBe(409);
    expect((await post(studio, 'api/runs/a%20run/resume')).status).toBe(409);
  });
});

describe('many', () => {
  it('requests that nobody thought of are answered, or hung up on', async () => {
    const part = fc.constantFrom(
      '..',
      'a run',
      'api',
      'runs',
      'mnist',
      'test',
      '0.png',
      '',
      '\\',
      '%',
      '%00',
      '%ff',
      '💥',
      ':',
    );
    const text = fc.oneof(part, fc.string({ unit: 'binary', maxLength: 20 }));
    const path = fc.array(text, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`);
    const api = fc
      .constantFrom('runs', 'compare', 'resolve', 'events', 'datasets/mnist/test', 'comparisons')
      .chain((top) => path.map((rest) => `/api/${top}${rest}`));
    const method = fc.constantFrom('GET', 'HEAD', 'POST', 'DELETE', 'PUT', 'OPTIONS', 'get', 'M-SEARCH', '');
    const header = fc.tuple(
      fc.constantFrom('Content-Type', 'Content-Length', 'Range', 'Accept', 'X', 'Expect', 'Upgrade'),
      text,
    );
    const request = fc.record({
      method,
      path: fc.oneof(path, api, api.map(encodeURI)),
      headers: fc.array(header, { maxLength: 4 }),
      body: fc.oneof(fc.json(), text),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ method, path, headers, body }) => {
        const lines = [`Host: ${host()}`, 'Connection: close', ...headers.map(([name, value]) => `${name}: ${value}`)];
        const socket = await halfOpen(
          studio.port,
          `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n${body}`,
        );
        const answer = await new Promise<string>((resolve) => {
          let text = '';
          socket.setEncoding('latin1').on('data', (chunk) => {
            text += chunk;
            // It goes on for ever.
            if (text.includes('text/event-stream')) socket.destroy();
          });
          socket.on('close', () => resolve(text));
          socket.end();
        });
        expect(answer).not.toContain(SECRET);
        expect(answer).not.toMatch(/\n\s+at .*:\d+:\d+/);
        if (answer === '') return;
        expect([100, 200, 400, 403, 404, 405, 408, 409, 413, 415, 417, 431]).toContain(statusOf(answer));
      }),
      { numRuns: 500 },
    );
    await isUp();
  });

  it('200 connections at once are all answered', async () => {
    const paths = ['/', '/api/runs', '/api/catalogue', '/api/datasets/mnist/test/images/7.png', '/api/nothing'];
    const answers = await Promise.all(Array.from({ length: 200 }, (_, i) => get(paths[i % paths.length])));
    expect(answers.map(statusOf)).toEqual(answers.map((_, i) => (i % paths.length === 4 ? 404 : 200)));
  });

  it('readers of 47 MB that do not read take no memory of their own', async () => {
    const path = '/api/datasets/mnist/train/data.safetensors';
    const request = `GET ${path} HTTP/1.1\r\nHost: ${host()}\r\n\r\n`;
    const readers = await Promise.all(Array.from({ length: 100 }, () => halfOpen(studio.port, request)));
    await Promise.all(readers.map((socket) => new Promise((resolve) => socket.once('readable', resolve))));
    await isUp();
    if (process.platform === 'linux') {
      const kB = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${studio.process.pid}/status`, 'utf8'))![1];
      // 4.7 GB, if each had its own.
      expect(Number(kB)).toBeLessThan(1_000_000);
    }
    for (const socket of readers) socket.destroy();
    await isUp();
  });

  it('connections that never finish their request are hung up on, and hold up nobody', async () => {
    const slow = await Promise.all(
      [
        'GET / HTTP/1.1\r\n',
        `GET /api/runs HTTP/1.1\r\nHost: ${host()}\r\nX-Slow: `,
        `POST /api/runs HTTP/1.1\r\nHost: ${host()}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"se`,
        '',
      ].flatMap((bytes) => Array.from({ length: 40 }, () => halfOpen(studio.port, bytes))),
    );
    const closed = slow.map((socket) => {
      socket.resume();
      return new Promise((resolve) => socket.once('close', resolve));
    });
    await isUp();
    await Promise.all(closed);
    await isUp();
  });

  it('listeners each hear everything, and those that vanish are forgotten', async () => {
    const stay = await Promise.all(Array.from({ length: 20 }, () => listen(studio)));
    // More than may listen at once, in all.
    for (let round = 0; round < 3; round++) {
      const leave = await Promise.all(
        Array.from({ length: 100 }, () => halfOpen(studio.port, `GET /api/events HTTP/1.1\r\nHost: ${host()}\r\n\r\n`)),
      );
      await Promise.all(leave.map((socket) => new Promise((resolve) => socket.once('data', resolve))));
      for (const socket of leave) socket.destroy();
      await isUp();
    }
    mkdirSync(join(runs, 'group', 'inner'), { recursive: true });
    writeFileSync(join(runs, 'group', 'inner', 'config.json'), '{}');
    for (const listener of stay) {
      await listener.find((event) => event.type === 'snapshot');
      const found = await listener.find((event) => event.type === 'run');
      expect(found).toMatchObject({ run: { id: 'group:inner', state: 'damaged' } });
      listener.close();
    }
    expect(dirname(runs)).toBe(folder);
  });
});
