import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { ResiduaError, UsageError } from '../errors.ts';
import type { DatasetDescription } from './catalog/description.ts';
import { describeDataset } from './catalog.ts';
import type { DownloadProgress } from './download-progress.ts';
import { type LoadOptions, loadDataset, loadMnist } from './load-dataset.node.ts';
import { defaultCacheDirectory } from './locate.node.ts';

let folder: string;
let server: Server;
let respond: RequestListener;
let requests: string[];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'residua-test-'));
  requests = [];
  server = createServer((request, response) => {
    requests.push(request.url!);
    respond(request, response);
  });
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((closed) => server.close(closed));
  await rm(folder, { recursive: true });
});

// A data set of three images of 2 x 1 pixels, as IDX by hand.
const images = Buffer.from([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 1, 10, 11, 20, 21, 30, 31]);
const labels = Buffer.from([0, 0, 8, 1, 0, 0, 0, 3, 1, 0, 1]);
const served: Record<string, Buffer> = { 'i-idx3-ubyte.gz': gzipSync(images), 'l-idx1-ubyte.gz': gzipSync(labels) };
const md5 = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex');
const file = (name: string, bytes: Buffer) => {
  const gz = served[`${name}.gz`];
  return { name, size: bytes.length, md5: md5(bytes), gz: { size: gz.length, md5: md5(gz) } };
};
const split = { length: 3, files: [file('i-idx3-ubyte', images), file('l-idx1-ubyte', labels)] };
const mirror = (path = '/') => `http://127.0.0.1:${(server.address() as AddressInfo).port}${path}`;
const tiny = (mirrors: string[]): DatasetDescription => ({
  ...describeDataset('mnist'),
  name: 'tiny',
  imageShape: [1, 2, 1],
  splits: { train: split, test: split },
  mirrors,
  npmPackage: undefined,
});
const load = (mirrors: string[], options: Partial<LoadOptions> = {}) =>
  loadDataset(tiny(mirrors), { split: 'train', cacheDirectory: folder, retryDelay: 1, ...options });
const cached = () => readdir(join(folder, 'tiny')).catch(() => []);
const serve: RequestListener = (request, response) => void response.end(served[request.url!.split('/').at(-1)!]);

async function failure(promise: Promise<unknown>): Promise<ResiduaError> {
  const error = await promise.then(
    () => undefined,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(ResiduaError);
  return error;
}

describe('MNIST', () => {
  it('has the published training images', async () => {
    const train = await loadMnist({ split: 'train', cacheDirectory: folder });
    expect([train.name, train.length, train.imageShape]).toEqual(['mnist train', 60_000, [1, 28, 28]]);
    expect([...train.labels.subarray(0, 5)]).toEqual([5, 0, 4, 1, 9]);
    let sum = 0;
    for (const pixel of train.images) sum += pixel;
    expect(sum / train.images.length).toBeCloseTo(33.318, 3);
    expect(sum / train.images.length / 255).toBeCloseTo(describeDataset('mnist').mean[0], 4);
  });

  it('has the published test images', async () => {
    const test = await loadMnist({ split: 'test', cacheDirectory: folder });
    expect([test.length, ...test.labels.subarray(0, 5)]).toEqual([10_000, 7, 2, 1, 0, 4]);
  });
});

describe('files in a folder', () => {
  const from = (directory: string) => load([], { directory });

  it.each([
    ['plain', 'i-idx3-ubyte', 'l-idx1-ubyte', false],
    ['plain, with a dot in the name', 'i.idx3-ubyte', 'l.idx1-ubyte', false],
    ['compressed', 'i-idx3-ubyte.gz', 'l-idx1-ubyte.gz', true],
  ])('are read %s', async (_, imagesName, labelsName, compressed) => {
    await writeFile(join(folder, imagesName), compressed ? gzipSync(images, { level: 1 }) : images);
    await writeFile(join(folder, labelsName), compressed ? gzipSync(labels, { level: 1 }) : labels);
    const dataset = await from(folder);
    expect([...dataset.images]).toEqual([10, 11, 20, 21, 30, 31]);
    expect([...dataset.labels]).toEqual([1, 0, 1]);
  });

  it('are asked for by name when missing', async () => {
    await writeFile(join(folder, 'i-idx3-ubyte'), images);
    const { message, hint } = await failure(from(folder));
    expect(message).toContain(`${folder} has no l-idx1-ubyte of tiny (looked for l-idx1-ubyte, l.idx1-ubyte, l-idx1`);
    expect(hint).toContain('Put the file there');
  });

  it.each<[string, Buffer, string]>([
    ['cut short', images.subarray(0, 20), 'expected 22 bytes, found 20'],
    ['too long', Buffer.concat([images, labels]), 'expected 22 bytes, found 33'],
    ['changed in one bit', Buffer.from(images).fill(12, 16, 17), `expected md5 ${md5(images)}, found `],
    ['cut short after compression', gzipSync(images).subarray(0, 25), 'the compressed file is damaged or cut short'],
    ['longer than it should be after decompression', gzipSync(Buffer.alloc(100_000)), 'found more'],
    ['empty', Buffer.alloc(0), 'expected 22 bytes, found 0'],
  ])('are refused when %s', async (_, content, message) => {
    await writeFile(join(folder, 'i-idx3-ubyte'), content);
    await writeFile(join(folder, 'l-idx1-ubyte'), labels);
    const error = await failure(from(folder));
    expect(error.message).toContain(join(folder, 'i-idx3-ubyte'));
    expect(error.message).toContain(message);
    expect(error.hint).toContain('Put a right copy');
  });
});

describe('a download', () => {
  it('fills the cache once, and reports its size and progress', async () => {
    respond = serve;
    const reports: DownloadProgress[] = [];
    const dataset = await load([mirror()], { onProgress: (progress) => reports.push(progress) });
    expect([...dataset.labels]).toEqual([1, 0, 1]);
    expect((await cached()).sort()).toEqual(['i-idx3-ubyte.gz', 'l-idx1-ubyte.gz']);
    const total = served['i-idx3-ubyte.gz'].length;
    const url = `${mirror()}i-idx3-ubyte.gz`;
    expect(reports[0]).toEqual({ file: 'i-idx3-ubyte.gz', url, received: 0, total });
    expect(reports.filter((report) => report.url === url).at(-1)!.received).toBe(total);
    await load([mirror()]);
    expect(requests).toEqual(['/i-idx3-ubyte.gz', '/l-idx1-ubyte.gz']);
  });

  it('is tried again after a server error', async () => {
    respond = (request, response) => {
      if (requests.length > 2) serve(request, response);
      else response.writeHead(500).end();
    };
    expect((await load([mirror()])).length).toBe(3);
    expect(requests.length).toBe(4);
  });

  it('goes to the next mirror when a mirror has no such file, without asking again', async () => {
    respond = (request, response) => {
      if (request.url!.startsWith('/good/')) serve(request, response);
      else response.writeHead(404).end();
    };
    expect((await load([mirror('/gone/'), mirror('/good/')])).length).toBe(3);
    expect(requests[1]).toBe('/good/i-idx3-ubyte.gz');
  });

  it.each<[string, RequestListener, string]>([
    [
      'a wrong checksum',
      (_, response) => void response.end(Buffer.alloc(served['i-idx3-ubyte.gz'].length)),
      'expected md5',
    ],
    ['too few bytes', (_, response) => void response.end('abc'), 'bytes, found 3'],
    ['too many bytes', (_, response) => void response.end(Buffer.alloc(9999)), 'bytes, found 9999'],
    [
      'a broken connection',
      (_, response) => {
        const { length } = served['i-idx3-ubyte.gz'];
        response.writeHead(200, { 'content-length': length }).write('', () => response.destroy());
      },
      '(3 attempts)',
    ],
    ['silence', () => {}, 'nothing received for 0.05 s'],
  ])('that meets %s says so, says what to do, and leaves nothing behind', async (_, listener, message) => {
    respond = listener;
    const error = await failure(load([mirror('/a/'), mirror('/b/')], { timeout: 50 }));
    expect(error.message).toContain(`could not download i-idx3-ubyte.gz (${served['i-idx3-ubyte.gz'].length} bytes)`);
    expect(error.message).toContain(mirror('/a/'));
    expect(error.message).toContain(mirror('/b/'));
    expect(error.message).toContain(message);
    expect(error.hint).toContain(join(folder, 'tiny', 'i-idx3-ubyte.gz'));
    expect(await cached()).toEqual([]);
  });

  it('says when the cache cannot be written', async () => {
    respond = serve;
    await writeFile(join(folder, 'a-file'), '');
    const error = await failure(load([mirror()], { cacheDirectory: join(folder, 'a-file') }));
    expect(error.message).toContain(`could not write ${join(folder, 'a-file', 'tiny', 'i-idx3-ubyte.gz')}`);
  });

  it('does not repair a damaged file in the cache, but says to delete it', async () => {
    respond = serve;
    await mkdir(join(folder, 'tiny'));
    await writeFile(join(folder, 'tiny', 'i-idx3-ubyte'), 'half a fi');
    const error = await failure(load([mirror()]));
    expect(error.hint).toContain(`Delete ${join(folder, 'tiny', 'i-idx3-ubyte')} and run again`);
  });
});

describe('a request that makes no sense', () => {
  it('lists what there is', async () => {
    await expect(loadDataset('emnist', { split: 'train' })).rejects.toThrow(UsageError);
    const wrongSplit = loadDataset('mnist', { split: 'valid' as 'test' });
    await expect(wrongSplit).rejects.toThrow("mnist has no split named 'valid'");
  });
});

describe('the cache directory', () => {
  it('follows the conventions of each platform', () => {
    expect(defaultCacheDirectory({ XDG_CACHE_HOME: '/x' }, 'linux')).toBe(join('/x', 'residua'));
    expect(defaultCacheDirectory({ LOCALAPPDATA: '/local' }, 'win32')).toBe(join('/local', 'residua'));
    expect(defaultCacheDirectory({}, 'darwin')).toMatch(/[\\/]\.cache[\\/]residua$/);
  });
});
