// Which kernels compute a convolution. This is the one place where it is decided.

import type { Value } from '../../compiler/value.ts';
import type { Window } from '../../tensor/operations/convolution.ts';
import type { Halo } from './geometry.ts';
import type { ConvolutionShape, Forward, InputGradient, Statistics, WeightGradient } from './kernels/convolution.ts';
import { direct, directForward, directInputGradient, directWeightGradient } from './kernels/direct/index.ts';
import {
  preferWinograd,
  winograd,
  winogradForward,
  winogradInputGradient,
  winogradWeightGradient,
} from './kernels/winograd/index.ts';
import type { Emitter, Image, Weights } from './step.ts';

export interface Convolution {
  forward(e: Emitter, call: Forward): Statistics | undefined;
  inputGradient(e: Emitter, call: InputGradient): void;
  weightGradient(e: Emitter, call: WeightGradient): void;
  forwardHalo(shape: ConvolutionShape): Halo;
  inputGradientHalo(shape: ConvolutionShape): Halo;
  weightGradientHalo(shape: ConvolutionShape): { x: Halo; upstream: Halo };
}

/** Any shape. */
export const directConvolution: Convolution = {
  ...direct,
  forward: directForward,
  inputGradient: directInputGradient,
  weightGradient: directWeightGradient,
};

/** Where winogradApplies. */
export const winogradConvolution: Convolution = {
  ...winograd,
  forward: winogradForward,
  inputGradient: winogradInputGradient,
  weightGradient: winogradWeightGradient,
};

/**
 * Winograd's method where it serves and pays, by the rule of kernels/winograd; the direct kernels elsewhere, and for
 * convolutions in groups.
 */
export function chooseConvolution(shape: ConvolutionShape): Convolution {
  const isGrouped = (shape.window.groups ?? 1) > 1;
  return !isGrouped && preferWinograd(shape) ? winogradConvolution : directConvolution;
}

/** Of a convolution or one of its gradients. */
export function shapeOf({ operation, inputs: [first, second], view, attributes }: Value): ConvolutionShape {
  const [x, y, weight] =
    operation === 'conv2d'
      ? [first.view, view, second.view]
      : operation === 'conv2dInputGradient'
        ? [view, first.view, second.view]
        : [first.view, second.view, view];
  return {
    n: x.n,
    inChannels: x.c,
    height: x.h,
    width: x.w,
    outChannels: y.c,
    outHeight: y.h,
    outWidth: y.w,
    // Weights lie as [kernel row, kernel column, in, out] along n, h, w, c.
    kernelHeight: weight.n,
    kernelWidth: weight.h,
    window: attributes as unknown as Window,
  };
}

/** A tensor in the layout of weights, as kernels want to be told of it. */
export function weightsOf({ buffer, geometry: g }: Image): Weights {
  return {
    buffer,
    kernelHeight: g.n,
    kernelWidth: g.h,
    inChannels: g.w,
    outChannels: g.c,
    strides: { row: g.imageBytes, column: g.rowBytes, in: g.pixelBytes, out: 4 },
  };
}
