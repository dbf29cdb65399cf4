// Dropout (Srivastava et al. 2014): in training, each element is zeroed with probability p and the others are scaled by
// 1 / (1 - p). The mask is a pure function of a key, a step number and the element's place, so it needs no memory of its
// own between forward and backward, is the same on every device and thread count, and repeats after a resume.

import { apply, type Operation } from '../operation.ts';
import { type Shape, ShapeError } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { mul } from './arithmetic.ts';

export interface DropoutMask {
  readonly shape: Shape;
  readonly probability: number;
  /** Two unsigned 32-bit words that tell one dropout layer and seed from another. */
  readonly key: readonly [number, number];
}

/**
 * 0 or 1 / (1 - p), from Philox4x32-10 with the layer's key and the counter (pixel, channel >> 2, step, 0), word
 * channel & 3: zero where word < p * 2^32. Channel is axis 1 of [N, C, H, W] with pixel = (n*H + y)*W + x; in other
 * ranks the last axis, with pixel counting all axes before it.
 */
const maskOperation: Operation<DropoutMask> = {
  name: 'dropoutMask',
  infer: (_, { shape }) => ({ shape }),
  gradient: () => [null],
};

/**
 * @param x any shape
 * @param step int32 scalar, different in every training step
 * @param probability of zeroing an element, in [0, 1)
 */
export function dropout(x: Tensor, step: Tensor, probability: number, key: readonly [number, number]): Tensor {
  if (!(probability >= 0 && probability < 1)) {
    throw new ShapeError('dropout', [x.shape], `the probability must be in [0, 1), found ${probability}`);
  }
  if (step.dtype !== 'int32' || step.size !== 1) {
    throw new ShapeError('dropout', [x.shape, step.shape], 'the step must be one int32');
  }
  return probability === 0 ? x : mul(x, apply(maskOperation, [step], { shape: x.shape, probability, key }));
}
