// What all convolution kernels have in common: the shape of the call, and the halo that they read.
//
//   forward          y = x * w                 x in its halo
//   input gradient   dx = dy * flipped w       dy in its halo
//   weight gradient  dw = x correlated with dy x in its halo

import type { Window } from '../../../tensor/operations/convolution.ts';
import type { Geometry, Halo } from '../geometry.ts';
import type { Buffer, Image, Weights } from '../step.ts';
import type { Epilogue } from './epilogue.ts';

export interface Forward {
  readonly x: Image;
  readonly weights: Weights;
  readonly y: Image;
  readonly window: Window;
  /**
   * Channel sums of y and of y^2 are wanted too: float64, [part][stored channels], see channel-sums.ts. The
   * buffers are the kernel's own scratch.
   */
  readonly statistics?: boolean;
  /** What becomes of the results; y is where that goes. Not together with statistics. */
  readonly epilogue?: Epilogue;
}

export interface Statistics {
  readonly sums: Buffer;
  readonly squares: Buffer;
  /** Rows of each. It doesn't depend on the number of threads. */
  readonly parts: number;
}

export interface InputGradient {
  readonly upstream: Image;
  readonly weights: Weights;
  readonly dx: Image;
  readonly window: Window;
}

export interface WeightGradient {
  readonly x: Image;
  readonly upstream: Image;
  readonly gradient: Weights;
  readonly window: Window;
}

/** Extents that a convolution is known by before anything has a place in memory. */
export interface ConvolutionShape {
  readonly n: number;
  readonly inChannels: number;
  readonly height: number;
  readonly width: number;
  readonly outChannels: number;
  readonly outHeight: number;
  readonly outWidth: number;
  readonly kernelHeight: number;
  readonly kernelWidth: number;
  readonly window: Window;
}

/** What a way of computing convolutions offers. */
export interface ConvolutionKernels {
  /** Of x, at least. */
  forwardHalo(shape: ConvolutionShape): Halo;
  /** Of the upstream gradient, at least. */
  inputGradientHalo(shape: ConvolutionShape): Halo;
  /** Of x and of the upstream gradient, at least. */
  weightGradientHalo(shape: ConvolutionShape): { x: Halo; upstream: Halo };
}

/** For profiles: of the weights and what a convolution gives. */
export function describe(weights: Weights, y: Geometry, groups = 1): string {
  const { kernelHeight, kernelWidth, inChannels, outChannels } = weights;
  const channels = `${inChannels * groups} -> ${outChannels}${groups > 1 ? ` in ${groups} groups` : ''}`;
  return `${kernelHeight}x${kernelWidth} ${channels} at ${y.h}x${y.w}`;
}

/** Of the direct method, whatever it is done by: a profile shows the effective speed. */
export const operationsOf = ({ kernelHeight, kernelWidth, inChannels, outChannels }: Weights, y: Geometry): number =>
  2 * y.n * y.h * y.w * kernelHeight * kernelWidth * inChannels * outChannels;
