// Convolution and its two gradients. All three are sums over the same products: with upstream gradient y,
//
//   L = sum over n,o,i,j,c,u,v of  y[n,o,i,j] * w[o,c,u,v] * x[n, c, i*stride + u - padding, j*stride + v - padding]
//
// and each result is L without one of its three factors. y and dx are one function: each is made of the other's pixels, and
// only which belong together is told differently. In a convolution of several groups c counts the channels of o's group.
//
// The loops are plain but for one thing: an addition has to wait for the one before it, so the sums of four channels are
// formed side by side, of factors that are collected once for all channels.

import type { Window } from '../../tensor/operations/convolution.ts';
import type { Shape } from '../../tensor/shape.ts';
import type { Tensor } from '../../tensor/tensor.ts';
import { type Kernel, type Numbers, zeros } from './kernel.ts';

const windowOf = (node: Tensor): Window => node.attributes as unknown as Window;

/** On one axis, what an element of a result is made of: an element of either factor. */
interface Link {
  readonly source: number;
  readonly partner: number;
}

/** The links of each element of the result: of those with every partner, the ones whose source is not in the padding. */
function linksOf(
  results: number,
  partners: number,
  sources: number,
  sourceOf: (result: number, partner: number) => number,
): Link[][] {
  const exists = ({ source }: Link) => Number.isInteger(source) && source >= 0 && source < sources;
  const link = (result: number, partner: number): Link => ({ source: sourceOf(result, partner), partner });
  return Array.from({ length: results }, (_, result) =>
    Array.from({ length: partners }, (_, partner) => link(result, partner)).filter(exists),
  );
}

/** A list of numbers from the one factor, and of where their partners are, counted from anywhere. */
class Products {
  count = 0;
  readonly factors: Float64Array;
  readonly places: Int32Array;
  readonly #sums = new Float64Array(4);

  constructor(most: number) {
    this.factors = new Float64Array(most);
    this.places = new Int32Array(most);
  }

  /** The sums, each in the list's order, with partners that are counted from `start`, `start + step`, ... */
  fourSums(partners: Numbers, start: number, step: number, channels: number): Float64Array {
    const { count, factors, places } = this;
    // Where fewer than four are left, the last one is formed more than once.
    const start1 = start + Math.min(1, channels - 1) * step;
    const start2 = start + Math.min(2, channels - 1) * step;
    const start3 = start + Math.min(3, channels - 1) * step;
    let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0];
    for (let p = 0; p < count; p++) {
      const factor = factors[p];
      const place = places[p];
      sum0 += factor * partners[start + place];
      sum1 += factor * partners[start1 + place];
      sum2 += factor * partners[start2 + place];
      sum3 += factor * partners[start3 + place];
    }
    this.#sums[0] = sum0;
    this.#sums[1] = sum1;
    this.#sums[2] = sum2;
    this.#sums[3] = sum3;
    return this.#sums;
  }
}

/** x or y: numbers of shape [N, C, H, W], and how far apart the weights of two of its channels are. */
interface Images {
  readonly numbers: Numbers;
  readonly shape: Shape;
  readonly weightStep: number;
}

/** All of `result` from `source`: y from x, or dx from y. `rows` and `columns` link their pixels with the kernel's. */
function fromPixels(
  result: Images,
  source: Images,
  weight: Numbers,
  { groups = 1 }: Window,
  [rows, columns]: readonly Link[][][],
  kernelWidth: number,
): void {
  const [batch, allChannels, height, width] = result.shape;
  const [, allSources, sourceHeight, sourceWidth] = source.shape;
  const [channels, sources] = [allChannels / groups, allSources / groups];
  const products = new Products(weight.length / Math.min(channels, sources));
  const pixels = new Int32Array(weight.length);
  const kernel = new Int32Array(weight.length);
  for (let i = 0; i < height; i++) {
    for (let j = 0; j < width; j++) {
      // In any channel, the pixels of the source and the kernel's that belong together.
      let links = 0;
      for (const row of rows[i]) {
        for (const column of columns[j]) {
          pixels[links] = row.source * sourceWidth + column.source;
          kernel[links++] = row.partner * kernelWidth + column.partner;
        }
      }
      for (let n = 0; n < batch; n++) {
        for (let group = 0; group < groups; group++) {
          products.count = 0;
          for (let s = 0; s < sources; s++) {
            const map = (n * allSources + group * sources + s) * sourceHeight * sourceWidth;
            for (let k = 0; k < links; k++) {
              products.factors[products.count] = source.numbers[map + pixels[k]];
              products.places[products.count++] = s * source.weightStep + kernel[k];
            }
          }
          const firstWeight = (group * weight.length) / groups;
          for (let r = 0; r < channels; r += 4) {
            const start = firstWeight + r * result.weightStep;
            const sums = products.fourSums(weight, start, result.weightStep, channels - r);
            for (let k = 0; k < 4 && r + k < channels; k++) {
              const channel = n * allChannels + group * channels + r + k;
              result.numbers[(channel * height + i) * width + j] = sums[k];
            }
          }
        }
      }
    }
  }
}

/** Inputs x, weight. */
export const conv2d: Kernel = (node, [x, weight]) => {
  const y = zeros(node);
  const window = windowOf(node);
  const { stride, padding } = window;
  const [xShape, [, channels, ...kernel]] = node.inputs.map((input) => input.shape);
  const links = [0, 1].map((axis) =>
    linksOf(node.shape[2 + axis], kernel[axis], xShape[2 + axis], (i, u) => i * stride[axis] + u - padding[axis]),
  );
  const taps = kernel[0] * kernel[1];
  fromPixels(
    { numbers: y, shape: node.shape, weightStep: channels * taps },
    { numbers: x, shape: xShape, weightStep: taps },
    weight,
    window,
    links,
    kernel[1],
  );
  return y;
};

/** Inputs upstream gradient, weight. */
export const conv2dInputGradient: Kernel = (node, [upstream, weight]) => {
  const dx = zeros(node);
  const window = windowOf(node);
  const { stride, padding } = window;
  const [yShape, [, channels, ...kernel]] = node.inputs.map((input) => input.shape);
  const links = [0, 1].map((axis) =>
    linksOf(node.shape[2 + axis], kernel[axis], yShape[2 + axis], (h, u) => (h + padding[axis] - u) / stride[axis]),
  );
  const taps = kernel[0] * kernel[1];
  fromPixels(
    { numbers: dx, shape: node.shape, weightStep: taps },
    { numbers: upstream, shape: yShape, weightStep: channels * taps },
    weight,
    window,
    links,
    kernel[1],
  );
  return dx;
};

/** Inputs x, upstream gradient. Each weight's products are summed along the rows of y, and then these sums. */
export const conv2dWeightGradient: Kernel = (node, [x, upstream]) => {
  const dw = zeros(node);
  const { stride, padding, groups = 1 } = windowOf(node);
  const [[batch, inChannels, height, width], [, , outHeight, outWidth]] = node.inputs.map((input) => input.shape);
  const [outChannels, channels, kernelHeight, kernelWidth] = node.shape;
  const groupSize = outChannels / groups;
  const products = new Products(outWidth);
  const pixels = new Int32Array(outWidth);
  const rows = linksOf(kernelHeight, outHeight, height, (u, i) => i * stride[0] + u - padding[0]);
  const columns = linksOf(kernelWidth, outWidth, width, (v, j) => j * stride[1] + v - padding[1]);
  for (let group = 0; group < groups; group++) {
    for (let c = 0; c < channels; c++) {
      for (let u = 0; u < kernelHeight; u++) {
        for (let v = 0; v < kernelWidth; v++) {
          products.count = 0;
          for (const column of columns[v]) {
            pixels[products.count] = column.source;
            products.places[products.count++] = column.partner;
          }
          for (let n = 0; n < batch; n++) {
            for (const row of rows[u]) {
              const xRow = ((n * inChannels + group * channels + c) * height + row.source) * width;
              for (let k = 0; k < products.count; k++) products.factors[k] = x[xRow + pixels[k]];
              for (let o = group * groupSize; o < (group + 1) * groupSize; o += 4) {
                const left = (group + 1) * groupSize - o;
                const start = ((n * outChannels + o) * outHeight + row.partner) * outWidth;
                const sums = products.fourSums(upstream, start, outHeight * outWidth, left);
                for (let k = 0; k < 4 && k < left; k++) {
                  dw[(((o + k) * channels + c) * kernelHeight + u) * kernelWidth + v] += sums[k];
                }
              }
            }
          }
        }
      }
    }
  }
  return dw;
};
