import { describe, expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { catalog, describeDataset } from './catalog.ts';

describe.each(catalog.map((entry) => [entry.name, entry] as const))('the catalog entry %s', (_, entry) => {
  it('gives the sizes that its format needs for its images and labels', () => {
    const pixels = entry.imageShape.reduce((product, extent) => product * extent);
    for (const { length, files } of Object.values(entry.splits)) {
      const sizes = files.map(({ size }) => size);
      if (entry.format.name === 'idx') expect(sizes).toEqual([16 + length * pixels, 8 + length]);
      else expect(sizes.reduce((sum, size) => sum + size)).toBe(length * (entry.format.labelBytes + pixels));
    }
  });

  it('has one mean and one deviation a channel, and names no class twice', () => {
    expect([entry.mean.length, entry.std.length]).toEqual([entry.imageShape[0], entry.imageShape[0]]);
    expect(new Set(entry.classes).size).toBe(entry.classes.length);
  });

  it('has whole checksums, and mirrors that are folders', () => {
    const files = Object.values(entry.splits).flatMap(({ files }) => files);
    const sums = files.flatMap(({ md5, gz }) => [md5, gz?.md5]).filter((md5) => md5 !== undefined);
    if (entry.archive) sums.push(entry.archive.md5);
    expect(sums.length).toBeGreaterThan(0);
    for (const md5 of sums) expect(md5).toMatch(/^[0-9a-f]{32}$/);
    expect(new Set(sums).size).toBe(sums.length);
    for (const mirror of entry.mirrors) expect(mirror).toMatch(/^https?:\/\/.*\/$/);
  });
});

it('an unknown name is answered with the known ones', () => {
  expect(() => describeDataset('minst')).toThrow(UsageError);
  expect(() => describeDataset('minst')).toThrow("there is no data set named 'minst'");
});
