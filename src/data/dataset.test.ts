import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { ArrayDataset, fromShared, subset, take } from './dataset.ts';

/** Five images of 1 x 2 pixels: [0, 1], [2, 3], ...; labels 0 1 2 0 1. */
function five(): ArrayDataset {
  const images = Uint8Array.from({ length: 10 }, (_, i) => i);
  const labels = Uint8Array.of(0, 1, 2, 0, 1);
  return new ArrayDataset({ name: 'five', classes: ['a', 'b', 'c'], imageShape: [1, 1, 2], images, labels });
}

describe('ArrayDataset', () => {
  it('gives the image and label at an index', () => {
    const { image, label } = five().get(2);
    expect(image).toEqual({ channels: 1, height: 1, width: 2, data: Uint8Array.of(4, 5) });
    expect(label).toBe(2);
  });

  it('names both counts when images and labels differ in number', () => {
    const options = { name: 'odd', classes: ['a'], imageShape: [1, 1, 2] as const, labels: Uint8Array.of(0, 0) };
    expect(() => new ArrayDataset({ ...options, images: new Uint8Array(6) })).toThrow(
      'odd: found 3 images of 2 bytes ([1, 1, 2]), but 2 labels',
    );
  });

  it('names a label that is no class', () => {
    const options = { name: 'bad', classes: ['a', 'b'], imageShape: [1, 1, 1] as const, images: new Uint8Array(3) };
    expect(() => new ArrayDataset({ ...options, labels: Uint8Array.of(0, 1, 2) })).toThrow(
      'bad: label 2 of image 2 is not from 0 to 1',
    );
    expect(() => new ArrayDataset({ ...options, labels: Int32Array.of(0, -1, 0) })).toThrow('label -1 of image 1');
  });

  it('refuses indices outside of it', () => {
    for (const index of [-1, 5, 0.5]) expect(() => five().get(index)).toThrow('five has the indices 0 to 4');
  });
});

describe('a subset', () => {
  it('has the chosen examples in the chosen order', () => {
    const part = subset(five(), [4, 0, 4]);
    expect([part.length, part.name]).toEqual([3, 'five (3 of 5)']);
    expect([0, 1, 2].map((i) => [...part.get(i).image.data])).toEqual([
      [8, 9],
      [0, 1],
      [8, 9],
    ]);
    expect(() => subset(five(), [5])).toThrow('indices 0 to 4, found 5');
  });

  it('is the first n for take, or everything', () => {
    const all = five();
    expect([...Array(3).keys()].map((i) => take(all, 3).get(i).label)).toEqual([0, 1, 2]);
    expect(take(all, 3).length).toBe(3);
    expect(take(all, 99)).toBe(all);
    expect(() => take(all, 0)).toThrow(UsageError);
  });

  it('reaches another thread without a copy of the images', () => {
    const all = five();
    const message = take(subset(all, [3, 2, 1]), 2).share!()!;
    const other = fromShared(message);
    expect([other.length, other.get(0).label, other.get(1).label]).toEqual([2, 0, 2]);
    expect(other.get(1).image.data.buffer).toBe(all.images.buffer);
  });
});
