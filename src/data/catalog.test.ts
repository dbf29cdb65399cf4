import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { catalog, describeDataset } from './catalog.ts';

describe.each(catalog.map((entry) => [entry.name, entry] as const))('the catalog entry %s', (_, entry) => {
  it('gives the sizes that the IDX format needs for its images and labels', () => {
    const [channels, height, width] = entry.imageShape;
    for (const { length, images, labels } of Object.values(entry.splits)) {
      expect(images.size).toBe(16 + length * channels * height * width);
      expect(labels.size).toBe(8 + length);
    }
  });

  it('has one mean and one deviation a channel, and names no class twice', () => {
    expect([entry.mean.length, entry.std.length]).toEqual([entry.imageShape[0], entry.imageShape[0]]);
    expect(new Set(entry.classes).size).toBe(entry.classes.length);
  });

  it('has whole checksums, and mirrors that are folders', () => {
    const files = Object.values(entry.splits).flatMap(({ images, labels }) => [images, labels]);
    const sums = files.flatMap(({ md5, gz }) => (md5 === undefined ? [gz.md5] : [md5, gz.md5]));
    for (const md5 of sums) expect(md5).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(sums).size).toBe(sums.length);
    for (const mirror of entry.mirrors) expect(mirror).toMatch(/^https?:\/\/.*\/$/);
  });
});

it('an unknown name is answered with the known ones', () => {
  expect(() => describeDataset('minst')).toThrow(UsageError);
  expect(() => describeDataset('minst')).toThrow("there is no data set named 'minst'");
});
