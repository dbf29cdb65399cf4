// Splitting a data set at random, such as holding out a validation set from the training images: epochs and
// hyper-parameters are chosen on it, and the test set is used once, at the end.

import { UsageError } from '../errors.ts';
import { permutation, randomStream } from '../tensor/random.ts';
import { type Dataset, type Subset, subset } from './dataset.ts';

/**
 * Parts without a common example, of the given sizes; the same ones for the same seed.
 * @param sizes numbers of examples; what they leave over is in no part
 */
export function randomSplit(dataset: Dataset, sizes: readonly number[], seed: number): Subset[] {
  const total = sizes.reduce((sum, size) => sum + size, 0);
  if (!sizes.every((size) => Number.isInteger(size) && size >= 0) || total > dataset.length) {
    throw new UsageError(`cannot split ${dataset.name} (${dataset.length} examples) into ${sizes.join(' + ')}`, {
      hint: `Give integers that add up to ${dataset.length} or less.`,
    });
  }
  const order = permutation(dataset.length, randomStream({ seed, purpose: 'split' }));
  let start = 0;
  return sizes.map((size) => {
    start += size;
    // In the data set's own order: the loader is what shuffles.
    return subset(dataset, order.slice(start - size, start).sort());
  });
}
