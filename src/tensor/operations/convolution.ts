// Two-dimensional convolution (cross-correlation, as in every deep-learning library) and its two gradients.
//
//   y[n,o,i,j]  = sum over c,u,v of x[n, c, i*stride + u - padding, j*stride + v - padding] * w[o,c,u,v]
//   dx: the transposed convolution of dy with w      dw: the correlation of x with dy
//
// In groups, channels are dealt out in order: the k-th part of the output channels sees the k-th part of the input channels.

import { apply, type Operation } from '../operation.ts';
import { formatShape, type Pair, type Shape, ShapeError, toPair, windowExtent } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import { add } from './arithmetic.ts';
import { reshape } from './reshape.ts';

export interface Window {
  readonly stride: readonly [number, number];
  readonly padding: readonly [number, number];
  /** Of channels; 1 unless given. */
  readonly groups?: number;
}

export interface Conv2dOptions {
  /** [outChannels], added to every pixel. */
  bias?: Tensor;
  /** 1 by default. */
  stride?: Pair;
  /** Zeros on each side, 0 by default. */
  padding?: Pair;
  /** Parts of the channels that don't see each other, 1 by default; as many as there are channels: a depthwise convolution. */
  groups?: number;
}

function outputShape(x: Shape, weight: Shape, { stride, padding, groups = 1 }: Window): Shape {
  const rule = (text: string) => new ShapeError('conv2d', [x, weight], text);
  if (x.length !== 4) throw rule('the input must be [N, inChannels, H, W]');
  if (weight.length !== 4)
    throw rule('the weight must be [outChannels, inChannels / groups, kernelHeight, kernelWidth]');
  if (x[1] !== weight[1] * groups) {
    const expected = groups === 1 ? weight[1] : `${groups} groups of ${weight[1]}`;
    throw rule(`the input has ${x[1]} channels but the weight expects ${expected}`);
  }
  if (weight[0] % groups !== 0) throw rule(`the ${weight[0]} output channels can't be dealt out to ${groups} groups`);
  const height = windowExtent(x[2], weight[2], stride[0], padding[0]);
  const width = windowExtent(x[3], weight[3], stride[1], padding[1]);
  if (height < 1 || width < 1) {
    throw rule(`the kernel is larger than the input with its padding of ${formatShape(padding)}`);
  }
  return [x[0], weight[0], height, width];
}

function checkWindow(operation: string, { stride, padding, groups = 1 }: Window, shapes: readonly Shape[]): void {
  if (stride.some((s) => !Number.isInteger(s) || s < 1)) {
    throw new ShapeError(operation, shapes, `stride must be whole numbers of at least 1, found ${formatShape(stride)}`);
  }
  if (padding.some((p) => !Number.isInteger(p) || p < 0)) {
    throw new ShapeError(
      operation,
      shapes,
      `padding must be whole numbers of at least 0, found ${formatShape(padding)}`,
    );
  }
  if (!Number.isInteger(groups) || groups < 1) {
    throw new ShapeError(operation, shapes, `groups must be a whole number of at least 1, found ${groups}`);
  }
}

const conv2dOperation: Operation<Window> = {
  name: 'conv2d',
  infer: ([x, weight], window) => {
    checkWindow('conv2d', window, [x.shape, weight.shape]);
    return { shape: outputShape(x.shape, weight.shape, window) };
  },
  gradient: (upstream, { inputs: [x, weight] }, window) => [
    apply(inputGradientOperation, [upstream, weight], { ...window, shape: x.shape }),
    apply(weightGradientOperation, [x, upstream], { ...window, shape: weight.shape }),
  ],
};

const inputGradientOperation: Operation<Window & { shape: Shape }> = {
  name: 'conv2dInputGradient',
  infer: (_, { shape }) => ({ shape }),
};

const weightGradientOperation: Operation<Window & { shape: Shape }> = {
  name: 'conv2dWeightGradient',
  infer: (_, { shape }) => ({ shape }),
};

/**
 * Convolution. PyTorch: F.conv2d.
 *
 * @param x [N, inChannels, H, W]
 * @param weight [outChannels, inChannels / groups, kernelHeight, kernelWidth]
 * @returns [N, outChannels, floor((H + 2 padding - kernelHeight) / stride) + 1, likewise for W]
 */
export function conv2d(
  x: Tensor,
  weight: Tensor,
  { bias, stride = 1, padding = 0, groups = 1 }: Conv2dOptions = {},
): Tensor {
  const y = apply(conv2dOperation, [x, weight], { stride: toPair(stride), padding: toPair(padding), groups });
  if (!bias) return y;
  if (bias.rank !== 1 || bias.shape[0] !== weight.shape[0]) {
    throw new ShapeError('conv2d', [x.shape, weight.shape, bias.shape], `the bias must be [${weight.shape[0]}]`);
  }
  return add(y, reshape(bias, [1, -1, 1, 1]));
}
