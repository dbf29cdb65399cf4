// Convolution and its two gradients. All three are sums over the same products: with upstream gradient y,
//
//   L = sum over n,o,i,j,c,u,v of  y[n,o,i,j] * w[o,c,u,v] * x[n, c, i*stride + u - padding, j*stride + v - padding]
//
// and each result is L without one of its three factors. So there is one loop nest, and what is summed is its argument. In a
// convolution of several groups c counts the channels of o's group.

import type { Window } from '../../tensor/operations/convolution.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Kernel, zeros } from './kernel.ts';

/**
 * A run of products along one row of the output: `count` of them, between w[weight], y[y], y[y + 1], ... and
 * x[x], x[x + stride], ... (all of them inside the image).
 */
type Row = (x: number, weight: number, y: number, count: number, stride: number) => void;

function forEachRow(xShape: Shape, weightShape: Shape, yShape: Shape, window: Window, row: Row): void {
  const { stride, padding, groups = 1 } = window;
  const [batch, inChannels, height, width] = xShape;
  const [outChannels, channels, kernelHeight, kernelWidth] = weightShape;
  const [, , outHeight, outWidth] = yShape;
  for (let n = 0; n < batch; n++) {
    for (let o = 0; o < outChannels; o++) {
      const firstChannel = n * inChannels + Math.floor((o * groups) / outChannels) * channels;
      for (let c = 0; c < channels; c++) {
        for (let u = 0; u < kernelHeight; u++) {
          for (let v = 0; v < kernelWidth; v++) {
            const weight = ((o * channels + c) * kernelHeight + u) * kernelWidth + v;
            // The columns j with 0 <= j * stride + v - padding < width.
            const first = Math.max(0, Math.ceil((padding[1] - v) / stride[1]));
            const last = Math.min(outWidth - 1, Math.floor((width - 1 + padding[1] - v) / stride[1]));
            for (let i = 0; i < outHeight; i++) {
              const h = i * stride[0] + u - padding[0];
              if (h < 0 || h >= height || last < first) continue;
              const x = ((firstChannel + c) * height + h) * width + first * stride[1] + v - padding[1];
              const y = ((n * outChannels + o) * outHeight + i) * outWidth + first;
              row(x, weight, y, last - first + 1, stride[1]);
            }
          }
        }
      }
    }
  }
}

const windowOf = (node: Tensor): Window => node.attributes as unknown as Window;

/** Inputs x, weight. */
export const conv2d: Kernel = (node, [x, weight]) => {
  const y = zeros(node);
  const [xShape, weightShape] = node.inputs.map((input) => input.shape);
  forEachRow(xShape, weightShape, node.shape, windowOf(node), (xAt, weightAt, yAt, count, stride) => {
    const w = weight[weightAt];
    for (let j = 0; j < count; j++) y[yAt + j] += w * x[xAt + j * stride];
  });
  return y;
};

/** Inputs upstream gradient, weight. */
export const conv2dInputGradient: Kernel = (node, [upstream, weight]) => {
  const dx = zeros(node);
  const [yShape, weightShape] = node.inputs.map((input) => input.shape);
  forEachRow(node.shape, weightShape, yShape, windowOf(node), (xAt, weightAt, yAt, count, stride) => {
    const w = weight[weightAt];
    for (let j = 0; j < count; j++) dx[xAt + j * stride] += w * upstream[yAt + j];
  });
  return dx;
};

/** Inputs x, upstream gradient. */
export const conv2dWeightGradient: Kernel = (node, [x, upstream]) => {
  const dw = zeros(node);
  const [xShape, yShape] = node.inputs.map((input) => input.shape);
  forEachRow(xShape, node.shape, yShape, windowOf(node), (xAt, weightAt, yAt, count, stride) => {
    let sum = 0;
    for (let j = 0; j < count; j++) sum += upstream[yAt + j] * x[xAt + j * stride];
    dw[weightAt] += sum;
  });
  return dw;
};
