import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { ArrayDataset, type Dataset } from './dataset.ts';
import { type BatchLoader, DataLoader, type EpochOptions, type LoaderOptions } from './loader.ts';
import { batchCount, epochOrder } from './sampler.ts';
import { compose, pad, randomCrop, randomHorizontalFlip, toTensor } from './transforms/index.ts';

/** Ten images of 4 x 4; all pixels of image i are 10 i + (0 ... 15). */
const images = Uint8Array.from({ length: 160 }, (_, i) => 10 * Math.floor(i / 16) + (i % 16));
const labels = Uint8Array.from({ length: 10 }, (_, i) => i % 3);
const ten = new ArrayDataset({ name: 'ten', classes: ['a', 'b', 'c'], imageShape: [1, 4, 4], images, labels });
const augment = compose([pad(1), randomHorizontalFlip(), randomCrop(4), toTensor()]);

interface Collected {
  readonly sizes: number[];
  readonly indices: number[];
  readonly labels: number[];
  /** The pixels of each image, by its index in the data set. */
  readonly byIndex: Map<number, number[]>;
}

async function collect(loader: BatchLoader, epoch: number, options?: EpochOptions): Promise<Collected> {
  const all: Collected = { sizes: [], indices: [], labels: [], byIndex: new Map() };
  for await (const batch of loader.epoch(epoch, options)) {
    all.sizes.push(batch.size);
    all.indices.push(...batch.indices);
    all.labels.push(...batch.labels);
    batch.indices.forEach((index, i) => void all.byIndex.set(index, [...batch.images.subarray(i * 16, (i + 1) * 16)]));
  }
  return all;
}

const loader = (options: Partial<LoaderOptions>) => new DataLoader(ten, { batchSize: 4, ...options });

describe('the order of an epoch', () => {
  it('has every index once, and depends on seed and epoch only', () => {
    const order = (seed: number, epoch: number) => [...epochOrder({ length: 50, shuffle: true, seed, epoch })];
    expect(order(1, 0).sort((a, b) => a - b)).toEqual([...Array(50).keys()]);
    expect(order(1, 0)).toEqual(order(1, 0));
    expect(order(1, 0)).not.toEqual(order(1, 1));
    expect(order(1, 0)).not.toEqual(order(2, 0));
  });

  it('has a last, partial batch unless it is dropped', () => {
    expect([batchCount(10, 4, false), batchCount(10, 4, true), batchCount(8, 4, false)]).toEqual([3, 2, 2]);
  });
});

describe('DataLoader', () => {
  it('goes through the data set in order when it does not shuffle', async () => {
    const { sizes, indices, labels: found, byIndex } = await collect(loader({}), 0);
    expect(sizes).toEqual([4, 4, 2]);
    expect(indices).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(found).toEqual([0, 1, 2, 0, 1, 2, 0, 1, 2, 0]);
    expect(byIndex.get(9)).toEqual([...images.subarray(144)].map((byte) => Math.fround(byte / 255)));
  });

  it('leaves out the partial batch on demand', async () => {
    const { sizes } = await collect(loader({ dropLast: true }), 0);
    expect(sizes).toEqual([4, 4]);
  });

  it('shuffles anew each epoch, with the labels going along', async () => {
    const shuffled = loader({ shuffle: true, seed: 5 });
    const [first, second, again] = [await collect(shuffled, 0), await collect(shuffled, 1), await collect(shuffled, 0)];
    expect([...first.indices].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(first.labels).toEqual(first.indices.map((index) => index % 3));
    expect(second.indices).not.toEqual(first.indices);
    expect(again).toEqual(first);
  });

  it('augments an image the same way in any batch size, and another way in another epoch', async () => {
    const by4 = await collect(loader({ shuffle: true, transform: augment }), 3);
    const by3 = await collect(loader({ shuffle: true, transform: augment, batchSize: 3 }), 3);
    const inOrder = await collect(loader({ transform: augment }), 3);
    expect(by3.byIndex).toEqual(by4.byIndex);
    expect(inOrder.byIndex).toEqual(by4.byIndex);
    expect((await collect(loader({ shuffle: true, transform: augment }), 4)).byIndex).not.toEqual(by4.byIndex);
  });

  it('goes on in the middle of an epoch', async () => {
    const whole = await collect(loader({ shuffle: true, transform: augment }), 2);
    const rest = await collect(loader({ shuffle: true, transform: augment }), 2, { startBatch: 1 });
    expect(rest.indices).toEqual(whole.indices.slice(4));
    for (const [index, pixels] of rest.byIndex) expect(pixels).toEqual(whole.byIndex.get(index));
    expect((await collect(loader({}), 0, { startBatch: 3 })).sizes).toEqual([]);
  });

  it('refuses what cannot work before anything runs', () => {
    expect(() => loader({ batchSize: 0 })).toThrow('batch size must be an integer >= 1, found 0');
    expect(() => loader({ batchSize: 11, dropLast: true })).toThrow('ten has 10 images: no full batch of 11');
    expect(() => loader({ transform: compose([pad(1)]) })).toThrow('must end with a float32 image');
    expect(() => loader({ transform: compose([randomCrop(9), toTensor()]) })).toThrow('Required crop size (9, 9)');
    expect(() => loader({ seed: -1 })).toThrow(UsageError);
    expect(() => loader({}).epoch(-1)).toThrow('the epoch must be an integer');
    expect(() => loader({}).epoch(0, { startBatch: 4 })).toThrow('an epoch has 3 batches');
  });

  it('names the image that has another size', async () => {
    const uneven: Dataset = {
      name: 'uneven',
      classes: ['a'],
      imageShape: [1, 1, 1],
      length: 2,
      get: (i) => ({ image: { channels: 1, height: 1, width: 1 + i, data: new Uint8Array(1 + i) }, label: 0 }),
    };
    await expect(collect(new DataLoader(uneven, { batchSize: 2 }), 0)).rejects.toThrow(
      'uneven: image 1: expected an image of shape [1, 1, 1], found [1, 1, 2]',
    );
  });
});
