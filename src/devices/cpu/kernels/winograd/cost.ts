// When Winograd's method pays. Both ways are counted in multiply-adds of the products, of which one core does some 27 thousand
// million a second either way:
//
//   direct      9 for every pixel of the output and pair of channels
//   Winograd    one for every position (36, or 81 for stride 2) of a tile and pair of channels, where tiles are taken in fours
//               transforms of patches and products: as much time as 3.6 for every position of a tile and channel
//               transforms of weights: as much as 200 for every pair of channels
//
// The last two were fitted to forward, input gradient and weight gradient together, timed against the direct kernels for 243
// shapes of stride 1 on one core of an AMD EPYC. On 252 other shapes, timed afterwards (maps of 2x2 to 24x24, 3 to 96 channels,
// batches of 2 to 16), the rule took the slower way for 15: by 17 % at most, and 0.4 % over all of them in the geometric mean. On
// 55 shapes of stride 2 (inputs of 3x3 to 32x32), for which nothing was fitted anew, it took the slower way for 3: by 12 % at
// most, and 0.4 % over all. It is less sure of convolutions to or from a single channel (up to 42 %), where the gradient to
// that channel prefers the other way than the rest does. Weights count here although inference transforms them only once.
//
// To time a shape of your own, here 16 -> 32 channels on maps of 32x32 with stride 2:
//
//   npm run bench:kernels -- --batch 32 16,32,32,2
//
// There is no F(2x2, 3x3), which does 16 products a tile of 2x2. By count, on square maps, that is as many as F(4x4) at 5x5 and
// 6x6, fewer at 1x1 and 2x2, and more on all others.

import type { ConvolutionShape } from '../convolution.ts';
import { filtersOf, kernelSize, positionsOf, taps } from './filters.ts';
import { tilingOf } from './tiles.ts';

const transformCost = 3.6;
const weightTransformCost = 200;

const upToFour = (count: number): number => Math.ceil(count / 4) * 4;

/** Whether it can be done at all. */
export function winogradApplies({ kernelHeight, kernelWidth, window }: ConvolutionShape): boolean {
  return kernelHeight === kernelSize && kernelWidth === kernelSize && filtersOf(window) !== undefined;
}

/** Whether it is the faster way. */
export function preferWinograd(shape: ConvolutionShape): boolean {
  const filters = filtersOf(shape.window);
  if (!filters || !winogradApplies(shape)) return false;
  const { n, inChannels, outChannels, outHeight: h, outWidth: w } = shape;
  const tiles = tilingOf({ n, h, w }, [filters[0].tile, filters[1].tile]).count;
  const pairs = inChannels * outChannels;
  const direct = taps * n * h * w * pairs;
  const positions = positionsOf(filters);
  const products = positions * upToFour(tiles) * pairs;
  const transforms = transformCost * positions * tiles * (upToFour(inChannels) + upToFour(outChannels));
  return products + transforms + weightTransformCost * pairs < direct;
}
