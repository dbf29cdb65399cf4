// Downloads as whole processes meet them: several at once, one that is killed, a disk that is full. The server is a real one
// on this machine. What has its final name in the cache must be whole, always.

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { linesOf, type Outcome, residua, temporaryFolder } from '../cli/run-cli.ts';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** 40 images that don't compress, in an IDX file, and their labels. */
const noise = createHash('shake256', { outputLength: 40 * 100 * 100 })
  .update('')
  .digest();
const images = Buffer.concat([Buffer.from([0, 0, 8, 3, 0, 0, 0, 40, 0, 0, 0, 100, 0, 0, 0, 100]), noise]);
const labels = Buffer.concat([Buffer.from([0, 0, 8, 1, 0, 0, 0, 40]), Buffer.alloc(40, 1)]);
const served: Record<string, Buffer> = { 'i-idx3-ubyte.gz': gzipSync(images), 'l-idx1-ubyte.gz': gzipSync(labels) };
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');
const file = (name: string, bytes: Buffer) => {
  const gz = served[`${name}.gz`];
  return { name, size: bytes.length, md5: md5(bytes), gz: { size: gz.length, md5: md5(gz) } };
};
const split = { length: 40, files: [file('i-idx3-ubyte', images), file('l-idx1-ubyte', labels)] };

const root = temporaryFolder();
let cache: string;
let server: Server;
let answer: Answer;
let requests: string[];
const children: ChildProcess[] = [];

beforeEach(async () => {
  cache = mkdtempSync(join(root, 'cache-'));
  requests = [];
  server = createServer((request, response) => {
    requests.push(`${request.url} ${request.headers.range ?? 'whole'}`);
    answer(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
});

const address = () => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

/** In pieces of 10 kB, a pause after each. */
const slowly: (pause: number) => Answer = (pause) => (request, response) => {
  const content = served[request.url!.slice(1)];
  const from = Number(/\d+/.exec(request.headers.range ?? '0'));
  const range = from > 0 ? { 'content-range': `bytes ${from}-${content.length - 1}/${content.length}` } : {};
  response.writeHead(from > 0 ? 206 : 200, { 'content-length': content.length - from, ...range });
  const send = (at: number) => {
    if (at >= content.length) response.end();
    else response.write(content.subarray(at, at + 10_000), () => setTimeout(send, pause, at + 10_000));
  };
  send(from);
};

/** A process that loads the data set through the public interface. It prints the number of images, or the error. */
function load(): ChildProcess {
  const description = {
    ...{ name: 'tiny', title: '', source: '', format: { name: 'idx' }, imageShape: [1, 100, 100], classes: ['0', '1'] },
    ...{ mean: [0], std: [1], splits: { train: split, test: split }, mirrors: [address()], systemDirectories: [] },
  };
  const program = `
    import { loadDataset } from ${JSON.stringify(new URL('../../dist/node.js', import.meta.url).href)};
    const options = { split: 'train', cacheDirectory: ${JSON.stringify(cache)}, retryDelay: 5 };
    const { length } = await loadDataset(${JSON.stringify(description)}, options);
    process.exitCode = length === 40 ? 0 : 3;
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  children.push(child);
  return child;
}
const end = async (child: ChildProcess) => (await once(child, 'exit'))[0];
const folder = () => join(cache, 'tiny');
const expectWhole = () => {
  expect(readdirSync(folder()).sort()).toEqual(Object.keys(served));
  for (const [name, content] of Object.entries(served)) {
    expect(content.equals(readFileSync(join(folder(), name)))).toBe(true);
  }
};

describe('several processes', () => {
  it('that want the same data set at once fetch it once', async () => {
    answer = slowly(10);
    expect(await Promise.all([load(), load(), load()].map(end))).toEqual([0, 0, 0]);
    expectWhole();
    expect(requests).toEqual(['/i-idx3-ubyte.gz whole', '/l-idx1-ubyte.gz whole']);
  });

  it('go on where a killed one ended, also one that waited for it', async () => {
    answer = slowly(20);
    const part = join(folder(), 'i-idx3-ubyte.gz.part');
    const [first, second] = [load(), load()];
    const ends = [end(first), end(second)];
    const size = () => statSync(part, { throwIfNoEntry: false })?.size ?? 0;
    while (size() < 30_000) await delay(5);
    const owner = JSON.parse(readFileSync(`${join(folder(), 'i-idx3-ubyte.gz')}.lock`, 'utf8')).pid;
    process.kill(owner, 'SIGKILL'); // one of the two
    const [a, b] = await Promise.all(ends);
    expect([a, b].sort()).toEqual([0, null]);
    expectWhole();
    expect(Number(/bytes=(\d+)-/.exec(requests[1])?.[1])).toBeGreaterThanOrEqual(30_000);
  });

  it('that are killed again and again, at any moment, come to whole files in the end', async () => {
    let kills = 0;
    let done = false;
    while (!done) {
      const child = load();
      answer = (request, response) => {
        slowly(2)(request, response);
        setTimeout(() => child.kill('SIGKILL'), 10 + ((kills++ * 37) % 60));
      };
      done = (await end(child)) === 0;
      for (const name of readdirSync(folder())) {
        if (name in served) expect(served[name].equals(readFileSync(join(folder(), name)))).toBe(true);
      }
    }
    expectWhole();
    expect(kills).toBeGreaterThan(2);
  });
});

describe('the command line', () => {
  /** CIFAR-100, with every request led to the server of this test. */
  const train = (options: { limit?: string } = {}) => {
    const redirect = `const real = fetch; globalThis.fetch = (url, options) =>
      real('${address()}' + new URL(url).pathname.split('/').at(-1), options);`;
    const preload = `--import=data:text/javascript,${encodeURIComponent(redirect)}`;
    const env = { XDG_CACHE_HOME: cache, LOCALAPPDATA: cache, NODE_OPTIONS: preload };
    return residua(['train', '--dataset', 'cifar100', '--out', join(cache, 'run'), '--threads', '1'], {
      env,
      ...options,
    });
  };
  const archive = () => join(cache, 'residua', 'cifar100', 'cifar-100-binary.tar.gz');
  const size = 168_513_733;
  const failed = ({ code, stderr }: Outcome): string => {
    expect(code, stderr).toBe(1);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stderr).not.toContain('defect');
    return stderr.slice(stderr.indexOf('error:'));
  };
  /** Never the last byte. */
  const endless: Answer = (request, response) => {
    const from = Number(/\d+/.exec(request.headers.range ?? '0'));
    const range = from > 0 ? { 'content-range': `bytes ${from}-${size - 1}/${size}` } : {};
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': size - from, ...range });
    const send = () => void (response.destroyed || response.write(Buffer.alloc(65_536), send));
    send();
  };

  it('names each mirror and its answer, and where to put the file by hand', async () => {
    answer = (_, response) => void response.writeHead(404).end();
    const lines = linesOf(failed(await train()));
    expect(lines).toEqual([
      `error: could not download cifar-100-binary.tar.gz (${size} bytes):`,
      '  https://www.cs.toronto.edu/~kriz/cifar-100-binary.tar.gz: HTTP 404 Not Found',
      '  https://cave.cs.toronto.edu/kriz/cifar-100-binary.tar.gz: HTTP 404 Not Found',
      `Check the connection and run again, or get the file yourself and put it at ${archive()}`,
    ]);
    expect(readdirSync(join(cache, 'residua', 'cifar100'))).toEqual([]);
  });

  it('ends when the file may not grow further, keeps what has come, and goes on from there', async () => {
    answer = endless;
    // In blocks of 512 bytes: 2 MB. Fails in the middle of a file as a full disk does, and needs no rights.
    const message = failed(await train({ limit: 'ulimit -f 4096' }));
    expect(message).toMatch(/could not write .*cifar-100-binary\.tar\.gz: EFBIG/);
    expect(message).toMatch(/ulimit -f\), then run again to go on, or choose another cache directory\.\n$/);
    expect(readdirSync(join(cache, 'residua', 'cifar100'))).toEqual(['cifar-100-binary.tar.gz.part']);
    const kept = statSync(`${archive()}.part`).size;
    expect(kept).toBeGreaterThan(1_000_000);
    answer = (_, response) => void response.writeHead(503).end();
    expect(failed(await train())).toContain(`run again (the ${kept} bytes that came are kept), or`);
    expect(requests.at(-1)).toBe(`/cifar-100-binary.tar.gz bytes=${kept}-`);
  });

  it('asks for nothing when the disk has no room, and ends when it fills up meanwhile', async () => {
    answer = endless;
    const disk = mountDisk('size=1m');
    try {
      cache = disk.path;
      expect(failed(await train())).toMatch(
        new RegExp(
          `could not write .*: ${size} bytes are still to come, and the disk has room for \\d+\\. The disk is full`,
        ),
      );
      expect(requests).toEqual([]);
      expect(readdirSync(join(cache, 'residua', 'cifar100'))).toEqual([]);
    } finally {
      disk.unmount();
    }
    const larger = mountDisk('size=200m');
    try {
      cache = larger.path;
      const ballast = 60 * 2 ** 20;
      let received = 0;
      answer = (request, response) => {
        const write = response.write.bind(response) as (piece: Buffer, then: () => void) => boolean;
        response.write = ((piece: Buffer, then: () => void) => {
          received += piece.length;
          if (received === 65_536) writeFileSync(join(larger.path, 'ballast'), Buffer.alloc(ballast));
          return write(piece, then);
        }) as never;
        endless(request, response);
      };
      expect(failed(await train())).toMatch(/ENOSPC.*The disk is full: free some space, then run again to go on/);
      expect(readdirSync(join(cache, 'residua', 'cifar100'))).toEqual(['cifar-100-binary.tar.gz.part']);
    } finally {
      larger.unmount();
    }
  });
});

/** A disk of its own. Mounting takes the rights of root, as CI has them: where it is refused, the test fails. */
function mountDisk(options: string): { path: string; unmount: () => void } {
  const path = mkdtempSync(join(root, 'disk-'));
  mkdirSync(path, { recursive: true });
  execFileSync('mount', ['-t', 'tmpfs', '-o', options, 'residua-test', path]);
  return { path, unmount: () => execFileSync('umount', ['--lazy', path]) };
}
