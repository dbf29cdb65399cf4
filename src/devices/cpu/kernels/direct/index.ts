// Convolutions by their definition, for every kernel, stride, padding and number of channels.
//
//   correlation.ts               forward convolution, input gradient, matrix products: tiles of sums in registers (tile.ts)
//   edges.ts                     tiny maps: without the products with padding
//   weight-gradient.ts           many pixels: shared out to parts that are added up
//   packed-weight-gradient.ts    few pixels of many channels: products of packed matrices
//   sections.ts                  convolutions in groups

import { noHalo } from '../../geometry.ts';
import type { ConvolutionKernels } from '../convolution.ts';
import { forwardHalo } from './forward.ts';
import { inputGradientHalo } from './input-gradient.ts';

export { directForward } from './forward.ts';
export { directInputGradient } from './input-gradient.ts';
export { directWeightGradient } from './weight-gradient.ts';

export const direct: ConvolutionKernels = {
  forwardHalo,
  inputGradientHalo,
  weightGradientHalo: (shape) => ({ x: forwardHalo(shape), upstream: noHalo }),
};
