// Maximum and average over sliding windows, and the average over the whole map.

import { apply, type Operation } from '../operation.ts';
import { formatShape, type Pair, type Shape, ShapeError, toPair, windowExtent } from '../shape.ts';
import type { Tensor } from '../tensor.ts';
import type { Window } from './convolution.ts';
import { mean } from './reduction.ts';

export interface PoolWindow extends Window {
  readonly kernel: readonly [number, number];
}

export interface PoolOptions {
  /** The kernel by default. */
  stride?: Pair;
  /** At most half the kernel, 0 by default. */
  padding?: Pair;
}

function poolShape(name: string, x: Shape, { kernel, stride, padding }: PoolWindow): Shape {
  const rule = (text: string) => new ShapeError(name, [x], text);
  if (x.length !== 4) throw rule('the input must be [N, C, H, W]');
  if ([...kernel, ...stride].some((value) => !Number.isInteger(value) || value < 1)) {
    throw rule(`kernel ${formatShape(kernel)} and stride ${formatShape(stride)} must be whole numbers of at least 1`);
  }
  if (padding.some((p, i) => !Number.isInteger(p) || p < 0 || 2 * p > kernel[i])) {
    throw rule(`padding ${formatShape(padding)} must be between 0 and half the kernel ${formatShape(kernel)}`);
  }
  const height = windowExtent(x[2], kernel[0], stride[0], padding[0]);
  const width = windowExtent(x[3], kernel[1], stride[1], padding[1]);
  if (height < 1 || width < 1) {
    throw rule(`the kernel ${formatShape(kernel)} is larger than the input with its padding ${formatShape(padding)}`);
  }
  return [x[0], x[1], height, width];
}

const maxPoolOperation: Operation<PoolWindow> = {
  name: 'maxPool2d',
  infer: ([x], window) => ({ shape: poolShape('maxPool2d', x.shape, window) }),
  gradient: (upstream, { inputs: [x] }, window) => [apply(maxPoolGradientOperation, [upstream, x], window)],
};

/** dx: each window's gradient goes to its maximum, the first in row-major order where there are several. */
const maxPoolGradientOperation: Operation<PoolWindow> = {
  name: 'maxPool2dGradient',
  infer: ([, x]) => ({ shape: x.shape }),
};

const avgPoolOperation: Operation<PoolWindow> = {
  name: 'avgPool2d',
  infer: ([x], window) => ({ shape: poolShape('avgPool2d', x.shape, window) }),
  gradient: (upstream, { inputs: [x] }, window) => [
    apply(avgPoolGradientOperation, [upstream], { ...window, shape: x.shape }),
  ],
};

const avgPoolGradientOperation: Operation<PoolWindow & { shape: Shape }> = {
  name: 'avgPool2dGradient',
  infer: (_, { shape }) => ({ shape }),
};

function poolWindow(kernel: Pair, { stride = kernel, padding = 0 }: PoolOptions): PoolWindow {
  return { kernel: toPair(kernel), stride: toPair(stride), padding: toPair(padding) };
}

/** Maximum of each window; padding never wins. [N, C, H, W] -> [N, C, H', W']. PyTorch: F.max_pool2d. */
export function maxPool2d(x: Tensor, kernel: Pair, options: PoolOptions = {}): Tensor {
  return apply(maxPoolOperation, [x], poolWindow(kernel, options));
}

/** Mean of each window, padding counted as zeros. [N, C, H, W] -> [N, C, H', W']. PyTorch: F.avg_pool2d. */
export function avgPool2d(x: Tensor, kernel: Pair, options: PoolOptions = {}): Tensor {
  return apply(avgPoolOperation, [x], poolWindow(kernel, options));
}

/** Mean of each map: [N, C, H, W] -> [N, C, 1, 1]. PyTorch: F.adaptive_avg_pool2d(x, 1). Lin et al. 2013, sec. 3.2. */
export function globalAvgPool2d(x: Tensor): Tensor {
  if (x.rank !== 4) throw new ShapeError('globalAvgPool2d', [x.shape], 'the input must be [N, C, H, W]');
  return mean(x, { axes: [2, 3], keepDims: true });
}
