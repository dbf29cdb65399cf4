// Convolution kernels for every shape.

import { noHalo } from '../../geometry.ts';
import type { ConvolutionShape } from '../convolution.ts';
import { forwardHalo, inputGradientHalo } from './convolution.ts';

export { plainForward, plainInputGradient } from './convolution.ts';
export { plainWeightGradient } from './weight-gradient.ts';

export const plain = {
  forwardHalo,
  inputGradientHalo,
  weightGradientHalo: (shape: ConvolutionShape) => ({ x: forwardHalo(shape), upstream: noHalo }),
};
