// Maximum and average over sliding windows, with their gradients. Both directions visit the same windows; a window is
// the list of places in x that it covers, without those that fall into the padding.

import type { PoolWindow } from '../../tensor/operations/pooling.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Kernel, type Numbers, zeros } from './kernel.ts';

const windowOf = (node: Tensor): PoolWindow => node.attributes as unknown as PoolWindow;

/** Calls `visit` with each place in y and the places in x under its window, in row-major order. */
function forEachWindow(
  xShape: Shape,
  yShape: Shape,
  { kernel, stride, padding }: PoolWindow,
  visit: (y: number, places: readonly number[]) => void,
): void {
  const [batch, channels, height, width] = xShape;
  const [, , outHeight, outWidth] = yShape;
  for (let map = 0, y = 0; map < batch * channels; map++) {
    for (let i = 0; i < outHeight; i++) {
      for (let j = 0; j < outWidth; j++, y++) {
        const places: number[] = [];
        for (let u = 0; u < kernel[0]; u++) {
          for (let v = 0; v < kernel[1]; v++) {
            const h = i * stride[0] + u - padding[0];
            const w = j * stride[1] + v - padding[1];
            if (h >= 0 && h < height && w >= 0 && w < width) places.push((map * height + h) * width + w);
          }
        }
        visit(y, places);
      }
    }
  }
}

/** The first of the largest; NaN counts as larger than everything. */
function largest(x: Numbers, places: readonly number[]): number {
  return places.reduce((best, place) => {
    if (Number.isNaN(x[best])) return best;
    return x[place] > x[best] || Number.isNaN(x[place]) ? place : best;
  });
}

export const maxPool2d: Kernel = (node, [x]) => {
  const result = zeros(node);
  forEachWindow(node.inputs[0].shape, node.shape, windowOf(node), (y, places) => {
    result[y] = x[largest(x, places)];
  });
  return result;
};

/** Inputs upstream gradient, x. */
export const maxPool2dGradient: Kernel = (node, [upstream, x]) => {
  const dx = zeros(node);
  forEachWindow(node.shape, node.inputs[0].shape, windowOf(node), (y, places) => {
    dx[largest(x, places)] += upstream[y];
  });
  return dx;
};

/** Padding counts as zeros: every window is divided by the kernel's size (PyTorch: count_include_pad). */
export const avgPool2d: Kernel = (node, [x]) => {
  const window = windowOf(node);
  const result = zeros(node);
  forEachWindow(node.inputs[0].shape, node.shape, window, (y, places) => {
    for (const place of places) result[y] += x[place] / (window.kernel[0] * window.kernel[1]);
  });
  return result;
};

/** Input upstream gradient. */
export const avgPool2dGradient: Kernel = (node, [upstream]) => {
  const window = windowOf(node);
  const dx = zeros(node);
  forEachWindow(node.shape, node.inputs[0].shape, window, (y, places) => {
    for (const place of places) dx[place] += upstream[y] / (window.kernel[0] * window.kernel[1]);
  });
  return dx;
};
