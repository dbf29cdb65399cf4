// Mixtures are compared with what the papers' formulas give for the same images before they were mixed, and the shares
// with the moments of the Beta distribution.

import { describe, expect, it } from 'vitest';
import { ArrayDataset } from './dataset.ts';
import { DataLoader } from './loader.ts';
import type { MixOptions } from './mix.ts';

const [HEIGHT, WIDTH] = [8, 10];
const classes = ['a', 'b', 'c'];
const pixels = (count: number) =>
  Uint8Array.from({ length: count * HEIGHT * WIDTH }, (_, i) => (i * 37 + (i >> 5)) % 251);

function dataset(count: number, multiLabel = false): ArrayDataset {
  const single = Uint8Array.from({ length: count }, (_, i) => i % 3);
  const labels = multiLabel
    ? Uint8Array.from([...single].flatMap((c) => classes.map((_, i) => Number(i >= c))))
    : single;
  return new ArrayDataset({
    name: 'd',
    classes,
    imageShape: [1, HEIGHT, WIDTH],
    images: pixels(count),
    labels,
    multiLabel,
  });
}

interface Copied {
  images: Float32Array;
  labels: number[];
  targets: number[];
  partners: number[];
  share: number;
}

async function batches(data: ArrayDataset, batchSize: number, mix: MixOptions, epoch = 0, seed = 1): Promise<Copied[]> {
  const copies: Copied[] = [];
  for await (const { images, labels, targets, mixed } of new DataLoader(data, { batchSize, mix, seed }).epoch(epoch)) {
    const { partners, share } = mixed ?? { partners: labels, share: [1] };
    copies.push({
      images: images.slice(),
      labels: [...labels],
      targets: [...(targets ?? [])],
      partners: [...partners],
      share: share[0],
    });
  }
  return copies;
}

const close = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a.length).toBe(b.length);
  for (let i = 0; i < a.length; i++) expect(Math.abs(a[i] - b[i])).toBeLessThan(1e-6);
};

describe.each([['mixup'], ['cutmix']] as const)('%s', (kind) => {
  it('mixes each image of a batch with the one before, and says of which class that is, in the last batch too', async () => {
    const plain = await batches(dataset(7), 4, {});
    const mixed = await batches(dataset(7), 4, { [kind]: 1 });
    for (const [b, { images, labels, partners, share }] of mixed.entries()) {
      const { length: size } = labels;
      expect(share).toBeGreaterThanOrEqual(0);
      expect(share).toBeLessThan(1);
      for (let i = 0; i < size; i++) {
        const other = (i + size - 1) % size;
        expect(partners[i]).toBe(plain[b].labels[other]);
        const of = (image: number, all: Float32Array) =>
          all.subarray(image * HEIGHT * WIDTH, (image + 1) * HEIGHT * WIDTH);
        const [own, partner, found] = [of(i, plain[b].images), of(other, plain[b].images), of(i, images)];
        if (kind === 'mixup') {
          close(
            found,
            own.map((value, p) => share * value + (1 - share) * partner[p]),
          );
          continue;
        }
        // All that is not the image's own is a rectangle of its partner, of the area that is said.
        const foreign = [...found.keys()].filter((p) => found[p] !== own[p]);
        for (const p of foreign) expect(found[p]).toBe(partner[p]);
        const rows = foreign.map((p) => Math.floor(p / WIDTH));
        const columns = foreign.map((p) => p % WIDTH);
        const extent = (list: number[]) => (list.length === 0 ? 0 : Math.max(...list) - Math.min(...list) + 1);
        expect(extent(rows) * extent(columns)).toBe(Math.round((1 - share) * HEIGHT * WIDTH));
      }
    }
  });

  it('mixes the labels of a multi-label data set in the same proportion', async () => {
    const [plain] = await batches(dataset(5, true), 5, {});
    const [{ targets, share }] = await batches(dataset(5, true), 5, { [kind]: 0.4 });
    close(
      targets,
      plain.targets.map((own, p) => share * own + (1 - share) * plain.targets[(p + 12) % 15]),
    );
  });

  it('repeats with the seed, and differs between batches, epochs and seeds', async () => {
    const shares = async (epoch: number, seed: number) =>
      (await batches(dataset(8), 2, { [kind]: 1 }, epoch, seed)).map(({ share }) => share);
    expect(await shares(0, 1)).toEqual(await shares(0, 1));
    const all = [...(await shares(0, 1)), ...(await shares(1, 1)), ...(await shares(0, 2))];
    expect(new Set(all).size).toBeGreaterThan(all.length / 2);
  });
});

it.each([0.2, 1, 4])('shares come from Beta(%d, alpha)', async (alpha) => {
  const shares = (await batches(dataset(4000), 2, { mixup: alpha })).map(({ share }) => share);
  const mean = (list: number[]) => list.reduce((sum, x) => sum + x) / list.length;
  expect(mean(shares)).toBeCloseTo(0.5, 1);
  // The variance of Beta(a, a) is 1 / (4 (2 a + 1)); 2,000 draws tell it to a few percent.
  const variance = mean(shares.map((share) => (share - 0.5) ** 2));
  expect(Math.abs(variance * 4 * (2 * alpha + 1) - 1)).toBeLessThan(0.1);
});

it('with both, a coin decides for each batch', async () => {
  const plain = await batches(dataset(200), 2, {});
  const mixed = await batches(dataset(200), 2, { mixup: 1, cutmix: 1 });
  const cut = mixed.filter(({ images }, b) => images.every((value) => plain[b].images.includes(value)));
  expect(cut.length).toBeGreaterThan(25);
  expect(cut.length).toBeLessThan(75);
});

it('a negative or infinite alpha is refused', () => {
  expect(() => new DataLoader(dataset(4), { batchSize: 2, mix: { mixup: -1 } })).toThrow(
    'mixup must be a number from 0 up',
  );
  expect(() => new DataLoader(dataset(4), { batchSize: 2, mix: { cutmix: Infinity } })).toThrow('cutmix must be');
});
