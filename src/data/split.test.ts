import { expect, it } from 'vitest';
import { UsageError } from '../errors.ts';
import { ArrayDataset } from './dataset.ts';
import { randomSplit } from './split.ts';

const images = Uint8Array.from({ length: 100 }, (_, i) => i);
const labels = new Uint8Array(100);
const hundred = new ArrayDataset({ name: 'hundred', classes: ['a'], imageShape: [1, 1, 1], images, labels });

it('splits into disjoint parts that repeat with the seed', () => {
  const [train, validation] = randomSplit(hundred, [90, 10], 1);
  expect([train.length, validation.length]).toEqual([90, 10]);
  expect(new Set([...train.indices, ...validation.indices]).size).toBe(100);
  expect(randomSplit(hundred, [90, 10], 1)[1].indices).toEqual(validation.indices);
  expect(randomSplit(hundred, [90, 10], 2)[1].indices).not.toEqual(validation.indices);
});

it('refuses more than there is', () => {
  expect(() => randomSplit(hundred, [90, 11], 1)).toThrow(UsageError);
  expect(() => randomSplit(hundred, [0.9, 0.1], 1)).toThrow('cannot split hundred (100 examples) into 0.9 + 0.1');
});
