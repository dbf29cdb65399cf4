// Batch normalisation (Ioffe & Szegedy 2015), written out in simpler operations:
//
//   y = (x - mean) * scale + bias      scale = weight / sqrt(variance + eps)      one of each for a channel
//
// In training, mean and variance are the batch's own, and autograd finds the terms that flow through them. Nothing is lost
// by writing it out: a compiler that fuses elementwise operations turns forward and backward into two passes each.

import { apply, type None, type Operation } from '../operation.ts';
import { ShapeError } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { sqrt } from './activation.ts';
import { add, constant, div, mul, sub } from './arithmetic.ts';
import { mean } from './reduction.ts';
import { reshape } from './reshape.ts';

const eachChannel = (x: Tensor): number[] => x.shape.flatMap((_, axis) => (axis === 1 ? [] : [axis]));

/** E[x^2] - E[x]^2 over all axes but the channel's, taken in float64: in float32 the difference would cancel. */
const varianceOperation: Operation<None> = {
  name: 'channelVariance',
  infer: ([x]) => ({ shape: x.shape.map((extent, axis) => (axis === 1 ? extent : 1)) }),
  // d/dx = 2 (x - mean) / count; what flows through the mean adds up to zero.
  gradient: (upstream, { inputs: [x] }) => [
    mul(sub(x, channelMean(x)), mul(upstream, constant((2 * x.shape[1]) / x.size))),
  ],
};

/** Mean over all axes but the channel's: [N, C, H, W] -> [1, C, 1, 1], [N, C] -> [1, C]. */
export function channelMean(x: Tensor): Tensor {
  return mean(x, { axes: eachChannel(x), keepDims: true });
}

/** Biased variance over all axes but the channel's: [N, C, H, W] -> [1, C, 1, 1], [N, C] -> [1, C]. */
export function channelVariance(x: Tensor): Tensor {
  return apply(varianceOperation, [x], {});
}

/**
 * Normalises with a given mean and variance. PyTorch: F.batch_norm; with running statistics this is evaluation mode.
 *
 * @param x [N, C, H, W] or [N, C]
 * @param statistics mean and variance, each [C], or [1, C, 1, 1] as channelMean and channelVariance return them
 * @param affine weight and bias, each [C]
 * @param eps added to the variance
 */
export function batchNorm(
  x: Tensor,
  statistics: { mean: Tensor; variance: Tensor },
  affine: { weight: Tensor; bias: Tensor },
  eps = 1e-5,
): Tensor {
  if (x.rank !== 4 && x.rank !== 2)
    throw new ShapeError('batchNorm', [x.shape], 'the input must be [N, C, H, W] or [N, C]');
  const perChannel = (name: string, tensor: Tensor): Tensor => {
    if (tensor.size !== x.shape[1]) {
      throw new ShapeError('batchNorm', [x.shape, tensor.shape], `the ${name} must have ${x.shape[1]} elements`);
    }
    return reshape(
      tensor,
      x.shape.map((extent, axis) => (axis === 1 ? extent : 1)),
    );
  };
  const deviation = sqrt(add(perChannel('variance', statistics.variance), constant(eps)));
  const scale = div(perChannel('weight', affine.weight), deviation);
  const centred = sub(x, perChannel('mean', statistics.mean));
  return add(mul(centred, scale), perChannel('bias', affine.bias));
}
