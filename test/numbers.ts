// Numbers for tests: repeatable, and kind to finite differences.

import { permutation, randomStream } from '../src/tensor/random.ts';
import { type Shape, sizeOf } from '../src/tensor/shape.ts';

/**
 * Different values, evenly spaced strictly between low and high, in random order. No two are close, so maxima and signs
 * stay what they are when one value moves a little (0 is never among them if low = -high).
 */
export function distinctNumbers(shape: Shape, { seed = 0, low = -2, high = 2 } = {}): Float32Array {
  const count = sizeOf(shape);
  const order = permutation(count, randomStream({ seed, purpose: 'split' }));
  // Unequal margins at the two ends keep 0 out of the middle.
  return Float32Array.from(order, (rank) => low + ((rank + 0.6) / (count + 0.45)) * (high - low));
}
