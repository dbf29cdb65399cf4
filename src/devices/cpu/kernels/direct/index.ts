// Convolutions by their definition, for every kernel, stride, padding and number of channels.

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
