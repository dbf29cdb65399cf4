// The worker runs from the build (dist/loader-worker.js): `npm test` makes it first.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ResiduaError } from '../errors.ts';
import { randomStream } from '../tensor/random.ts';
import { ArrayDataset, type Dataset, subset } from './dataset.ts';
import { FilesDataset } from './files-dataset.node.ts';
import { cachedSource } from './image-cache.ts';
import { type BatchLoader, DataLoader } from './loader.ts';
import { createLoader, type PrefetchOptions } from './prefetch-loader.node.ts';
import { compose, normalize, pad, randomCrop, randomHorizontalFlip, resize, toTensor } from './transforms/index.ts';

const images = Uint8Array.from({ length: 100 * 64 }, (_, i) => (i * 7919) % 251);
const labels = Uint8Array.from({ length: 100 }, (_, i) => i % 3);
const hundred = new ArrayDataset({ name: 'h', classes: ['a', 'b', 'c'], imageShape: [1, 8, 8], images, labels });
const chain = [pad(2), randomHorizontalFlip(), randomCrop(10), toTensor(), normalize([0.4], [0.3])];
const options = { batchSize: 16, shuffle: true, seed: 3, transform: compose(chain) };

/** All batches of an epoch, copied out of the loader's memory. */
async function copies(loader: BatchLoader, epoch: number, startBatch = 0) {
  const all = [];
  for await (const { images, labels, targets, mixed, indices, size } of loader.epoch(epoch, { startBatch })) {
    const several = { targets: targets?.slice(), partners: mixed?.partners.slice(), share: mixed?.share.slice() };
    all.push({ images: images.slice(), labels: labels.slice(), indices: indices.slice(), size, ...several });
  }
  return all;
}

async function withLoader<T>(given: Partial<PrefetchOptions>, use: (loader: BatchLoader) => Promise<T>): Promise<T> {
  const loader = createLoader(hundred, { ...options, ...given });
  expect(loader).not.toBeInstanceOf(DataLoader); // or the tests below would test nothing
  try {
    return await use(loader);
  } finally {
    await loader.close();
  }
}

describe('a prefetching loader', () => {
  it.each([1, 2, 5, 20])('with %i batches ahead gives the bits of DataLoader', async (prefetch) => {
    const inThread = new DataLoader(hundred, options);
    await withLoader({ prefetch }, async (loader) => {
      expect([loader.batchesPerEpoch, loader.imageShape]).toEqual([7, [1, 10, 10]]);
      for (const epoch of [0, 1, 7]) expect(await copies(loader, epoch)).toEqual(await copies(inThread, epoch));
      expect(await copies(loader, 2, 5)).toEqual(await copies(inThread, 2, 5));
    });
  });

  it('serves a subset', async () => {
    const part = subset(hundred, [5, 99, 3, 5, 0]);
    const loader = createLoader(part, { ...options, batchSize: 2 });
    expect(loader).not.toBeInstanceOf(DataLoader);
    expect(await copies(loader, 0)).toEqual(await copies(new DataLoader(part, { ...options, batchSize: 2 }), 0));
    await loader.close();
  });

  it('leaves a batch alone until the next one is asked for', async () => {
    await withLoader({ prefetch: 3 }, async (loader) => {
      for await (const batch of loader.epoch(0)) {
        const before = batch.images.slice();
        await new Promise((resolve) => setTimeout(resolve, 5)); // time for the worker to run ahead
        expect(batch.images).toEqual(before);
      }
    });
  });

  it('can leave an epoch at any batch and begin another', async () => {
    const expected = await copies(new DataLoader(hundred, options), 4);
    await withLoader({ prefetch: 2 }, async (loader) => {
      for (let stop = 0; stop < 7; stop++) {
        let seen = 0;
        for await (const _ of loader.epoch(stop)) if (seen++ === stop) break;
        expect(await copies(loader, 4)).toEqual(expected);
      }
      for (let i = 0; i < 50; i++) loader.epoch(i); // begun and never read
      expect(await copies(loader, 4)).toEqual(expected);
    });
  });

  it('ends the epoch before when another begins', async () => {
    await withLoader({}, async (loader) => {
      const old = loader.epoch(0);
      await old.next();
      loader.epoch(1);
      await expect(old.next()).rejects.toThrow('ended by beginning another');
    });
  });

  it('rejects after close, also what was waiting', async () => {
    const loader = createLoader(hundred, options);
    const waiting = loader.epoch(0).next();
    const outcome = Promise.allSettled([waiting]);
    await loader.close();
    await outcome; // a batch or an error, but no hanging
    expect(() => loader.epoch(0)).toThrow('the loader is closed');
    await loader.close();
  });

  it('passes on an error of the worker', async () => {
    // A label beyond the classes appears after the checks of this thread, before those of the worker.
    const spoilt = new ArrayDataset({
      ...hundred,
      name: 'spoilt',
      images: hundred.images,
      labels: Uint8Array.from(hundred.labels),
    });
    spoilt.labels[10] = 200;
    const loader = createLoader(spoilt, options);
    await expect(loader.epoch(0).next()).rejects.toThrow('label 200 of image 10');
    await loader.close();
  });

  it('falls back to this thread for prefetch 0 and for images outside of shared memory', () => {
    expect(createLoader(hundred, { ...options, prefetch: 0 })).toBeInstanceOf(DataLoader);
    const own = { name: 'own', classes: ['a'], imageShape: [1, 8, 8] as const, length: 1, get: () => hundred.get(0) };
    expect(createLoader(own, options)).toBeInstanceOf(DataLoader);
    expect(() => createLoader(hundred, { ...options, prefetch: -1 })).toThrow('must be an integer >= 0, found -1');
    expect(() => createLoader(hundred, { ...options, seed: 0.5 })).toThrow('seed must be an integer');
    expect(() => createLoader(hundred, { ...options, transform: compose([randomCrop(99)]) })).toThrow(ResiduaError);
  });
});

describe('images in files', () => {
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'residua-test-'));
    for (let i = 0; i < 12; i++) {
      const [width, height] = [20 + i, 30 - i];
      const pixels = Buffer.alloc(width * height * 3).map((_, p) => (p * (i + 3)) % 253);
      const image = sharp(pixels, { raw: { width, height, channels: 3 } });
      writeFileSync(join(folder, `${i}.png`), await image.png().toBuffer());
    }
    writeFileSync(join(folder, 'bad.png'), readFileSync(join(folder, '3.png')).subarray(0, 200));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const dataset = (files: string[], imageShape: [number, null, null] = [3, null, null]) => {
    const labels = Uint8Array.from(files.flatMap((_, i) => [i % 2, 1]));
    return new FilesDataset({
      name: 'f',
      classes: ['a', 'b'],
      imageShape,
      root: folder,
      files,
      labels,
      multiLabel: true,
    });
  };
  const names = Array.from({ length: 12 }, (_, i) => `${i}.png`);
  const transform = compose([resize(24), randomCrop(16), randomHorizontalFlip(), toTensor()]);
  const given = { batchSize: 5, shuffle: true, seed: 1, transform, mix: { mixup: 1 } };

  it('of different sizes are decoded by the worker to the bits of DataLoader, in each epoch', async () => {
    const loader = createLoader(dataset(names), given);
    expect(loader).not.toBeInstanceOf(DataLoader);
    const inThread = new DataLoader(dataset(names), given);
    for (const epoch of [0, 1, 2]) expect(await copies(loader, epoch)).toEqual(await copies(inThread, epoch));
    await loader.close();
  });

  it('are what one by one comes out, kept or not', async () => {
    const plain = { batchSize: 1, seed: 1, transform };
    const [batch] = await copies(new DataLoader(dataset(['7.png']), plain), 4);
    const { image } = dataset(['7.png']).get(0);
    const expected = transform.apply(image, randomStream({ seed: 1, purpose: 'augment', epoch: 4, index: 0 }));
    expect(batch.images).toEqual(expected.data);
    expect(batch.labels).toEqual(Int32Array.of(-1));
  });

  it('that are damaged end the epoch with an error that names the file and says what to do', async () => {
    const loader = createLoader(dataset(['1.png', 'bad.png']), { ...given, shuffle: false, batchSize: 1 });
    const error = await copies(loader, 0).catch((reason) => reason);
    expect(error).toBeInstanceOf(ResiduaError);
    expect(error.message).toContain(
      `f: image 1: ${join(folder, 'bad.png')}: the picture is damaged: IDAT is cut short`,
    );
    expect(error.hint).toContain('Get the file again');
    await loader.close();
  });
});

describe('a cache of images', () => {
  it('asks for each image once, as long as there is room', () => {
    let asked = 0;
    const costly: Dataset = {
      name: 'c',
      length: 4,
      classes: ['a', 'b'],
      imageShape: [1, null, null],
      costly: true,
      get: (index) => {
        asked++;
        return {
          label: 0,
          image: { channels: 1, height: 4, width: 4 + index, data: new Uint8Array(16 + 4 * index).fill(index) },
        };
      },
    };
    const stream = randomStream({ seed: 0, purpose: 'augment' });
    const read = (bytes: number) => {
      const source = cachedSource(costly, compose([resize([2, 2])]), bytes);
      expect(source.imageShape).toEqual([1, 2, 2]);
      asked = 0;
      for (let epoch = 0; epoch < 3; epoch++) {
        for (let i = 0; i < 4; i++) expect([...source.get(i, stream).image.data]).toEqual([i, i, i, i]);
      }
      return asked;
    };
    expect(read(1000)).toBe(4);
    // Room for two of them: the other two are asked for in each epoch.
    expect(read(8)).toBe(2 + 3 * 2);
    expect(read(0)).toBe(12);
  });
});
