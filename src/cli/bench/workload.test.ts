import { describe, expect, it } from 'vitest';
import { createModel } from '../../models/index.ts';
import { readWorkload, type WorkloadOptions, writeWorkload } from './workload.ts';

const options: WorkloadOptions = { model: 'article-resnet', batchSize: 3, inChannels: 2, imageSize: 8, classes: 5 };

describe('a workload', () => {
  const { model, imageShape, images, labels } = readWorkload(writeWorkload(options, true), 'memory');

  it('has the weights that the model begins with', () => {
    const expected = createModel('article-resnet', { inChannels: 2, classes: 5, imageSize: 8, seed: 0 }).stateDict();
    const found = model.stateDict();
    expect([...found.keys()]).toEqual([...expected.keys()]);
    for (const [name, variable] of expected) expect(found.get(name)!.value, name).toEqual(variable.value);
  });

  it('has batches of normal images, each different, and labels that are classes', () => {
    expect(imageShape).toEqual([3, 2, 8, 8]);
    expect(images.length).toBe(labels.length);
    expect(images.length).toBeGreaterThan(1);
    for (const batch of images) expect(batch.length).toBe(3 * 2 * 8 * 8);
    expect(images[1]).not.toEqual(images[0]);
    const all = images.flatMap((batch) => [...batch]);
    const mean = all.reduce((sum, x) => sum + x, 0) / all.length;
    const variance = all.reduce((sum, x) => sum + x * x, 0) / all.length - mean ** 2;
    expect(Math.abs(mean)).toBeLessThan(0.05);
    expect(Math.abs(variance - 1)).toBeLessThan(0.1);
    for (const label of labels.flatMap((batch) => [...batch])) expect([0, 1, 2, 3, 4]).toContain(label);
  });

  it('keeps large batches within memory', () => {
    const large = { ...options, batchSize: 64, imageSize: 128, inChannels: 3 };
    const { images } = readWorkload(writeWorkload(large, false), 'memory');
    expect(images.length).toBeLessThan(10);
    expect(images.length).toBeGreaterThan(0);
  });
});
